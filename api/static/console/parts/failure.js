// Telling the user that something failed, or that it is done.

import { ElMessage } from "element-plus";
import { ApiError, isAborted } from "../api.js";

// The sentence for an error of any kind; what is no ApiError is a fault of ours and goes to the
// browser's console, where it can be looked at.
export function explain(error) {
  if (error instanceof ApiError) return error.message;
  console.error(error);
  return "页面出错，请刷新后重试；仍出错请告诉管理员您刚才点了哪里";
}

export function report(error) {
  if (isAborted(error)) return;
  ElMessage({ message: explain(error), type: "error", duration: 6_000, showClose: true, grouping: true });
}

export const told = (message) => ElMessage({ message, type: "success", grouping: true });

// A step that may fail, for a button: html`<${ElButton} onClick=${() => attempt(save)}>`. True where done.
export async function attempt(step) {
  try {
    await step();
    return true;
  } catch (error) {
    report(error);
    return false;
  }
}
