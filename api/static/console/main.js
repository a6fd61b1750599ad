// The console starts here: one application, whose shell shows the page that the address names.

import { createApp } from "vue";
import { loadLibrary, useLibraryIn } from "./library.js";
import { go, route, startRouter } from "./router.js";
import { isKnown, openSession } from "./session.js";
import { fetchPage, Shell } from "./shell.js";
import { report } from "./parts/failure.js";

function readAddress() {
  const invited = location.hash.match(/^#invitation=([\w-]+)$/);
  const refused = location.hash.match(/^#refused=(.+)$/);
  const path = location.pathname;
  if (path !== "/") history.replaceState(null, "", "/");
  // The token of a one-time link is taken off the address at once; it is kept by the page alone.
  if (invited) return { path: "/signin", secret: invited[1] };
  if (refused) return { path: "/signin", refused: decodeURIComponent(refused[1]) };
  if (path === "/citizen") return { path: "/citizen" };
  if (path === "/account" && !location.hash) return { path: "/signin" };
  return null;
}

async function start() {
  const arrived = readAddress();
  if (arrived) go(arrived.path, {}, { replace: true });
  startRouter();
  if (route.page) fetchPage(route.page).then(askEarly, () => {}); // while the server says who is signed in
  const app = createApp(Shell, { arrived });
  useLibraryIn(app);
  app.config.errorHandler = report;
  app.mount("#console");
  await openSession().catch(report);
  // Behind the first page, so that the second finds it there.
  (globalThis.requestIdleCallback ?? setTimeout)(() => loadLibrary().catch(() => {}));
}

// What the first page will want to know is asked for together with who is signed in.
function askEarly(module) {
  if (isKnown()) module.askEarly?.();
}

addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name === "AbortError") event.preventDefault();
});
start();
