// Telling the user that something failed, or that it is done.

import { reactive } from "vue";
import { ApiError, isAborted } from "../api.js";
import { loadLibrary } from "../library.js";

// The sentence for an error of any kind; what is no ApiError is a fault of ours and goes to the
// browser's console, where it can be looked at.
export function explain(error) {
  if (error instanceof ApiError) return error.message;
  console.error(error);
  return "页面出错，请刷新后重试；仍出错请告诉管理员您刚才点了哪里";
}

export function report(error) {
  if (isAborted(error) || error?.status === 401) return; // the shell asks to sign in again
  show({ message: explain(error), type: "error", duration: 6_000, showClose: true });
}

export const told = (message) => show({ message, type: "success" });

// Where not even the library comes, the shell tells that the line is lost.
function show(message) {
  loadLibrary().then(({ ElMessage }) => ElMessage({ ...message, grouping: true }), () => {});
}

// A step that may fail: html`<${ElButton} onClick=${() => attempt(save)}>`. True where done. Where
// somebody else changed the thing first, `reload` is offered.
export async function attempt(step, { reload } = {}) {
  try {
    await step();
    return true;
  } catch (error) {
    if (error.status === 409 && error.field === "version" && reload) await offerReload(error, reload);
    else report(error);
    return false;
  }
}

async function offerReload(error, reload) {
  const { ElMessageBox } = await loadLibrary();
  const agreed = await ElMessageBox.confirm(`${error.message}。您填写的内容还在，重新读取后请核对再提交。`, "别人先改了这一条", {
    confirmButtonText: "重新读取", cancelButtonText: "先不", type: "warning",
  }).then(() => true, () => false);
  if (agreed) await reload();
}

// A button's work, done once however often it is pressed: const save = useAction(async () => …);
// html`<${ElButton} loading=${save.busy} onClick=${save.run}>`. Options as for attempt.
export function useAction(step, options) {
  const state = reactive({ busy: false, run });
  async function run(...given) {
    if (state.busy) return false;
    state.busy = true;
    try {
      return await attempt(() => step(...given), options);
    } finally {
      state.busy = false;
    }
  }
  return state;
}
