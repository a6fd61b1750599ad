// The component library (Element Plus) is a megabyte to read. What one sees first does without it, so
// it comes when the browser has nothing else to do, or at once for a page that is made of it.

import { defineAsyncComponent } from "vue";

let app = null;
let coming = null;

export function useLibraryIn(application) {
  app = application;
}

// Its components, in Chinese. A failure is not kept: who needs it asks again.
export function loadLibrary() {
  coming ??= fetchLibrary().catch((error) => {
    coming = null;
    throw error;
  });
  return coming;
}

async function fetchLibrary() {
  const [library, words] = await Promise.all([import("element-plus"), import("element-plus/zh-cn")]);
  app?.use(library.default, { locale: words.default });
  return library;
}

// A component that is drawn once the library is there: afterLibrary(({ ElDrawer }) => ElDrawer).
export const afterLibrary = (choose) => defineAsyncComponent(async () => choose(await loadLibrary()));
