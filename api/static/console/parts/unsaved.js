// Leaving a page on which something typed is not saved yet asks first, also when the tab is closed.

import { onScopeDispose } from "vue";
import { guardLeaving } from "../router.js";
import { confirm } from "./dialogs.js";

// useUnsaved(() => Boolean(form.text) && !form.saved)
export function useUnsaved(unsaved) {
  const free = guardLeaving(unsaved, () => confirm("填写的内容还没有保存，离开就没有了。", "离开这一页？", { yes: "离开", danger: true }));
  const warn = (event) => {
    if (unsaved()) event.preventDefault();
  };
  addEventListener("beforeunload", warn);
  onScopeDispose(() => {
    free();
    removeEventListener("beforeunload", warn);
  });
}
