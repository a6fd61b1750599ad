// Asking before something is done, with or without a reason.

import { ElMessageBox } from "element-plus";

const words = { confirmButtonText: "确定", cancelButtonText: "取消", autofocus: true };

// True where the user agrees: if (await confirm("吊销后不能恢复。", "吊销密钥")) …
export async function confirm(text, title = "请确认", { danger = false, yes = "确定" } = {}) {
  return ElMessageBox.confirm(text, title, {
    ...words, confirmButtonText: yes, type: danger ? "warning" : "", confirmButtonType: danger ? "danger" : "primary",
  }).then(() => true, () => false);
}

// The reason that the user wrote, or null where they thought better of it.
export async function askReason(title, { text = "请写明理由，会记入经办记录。", required = true, value = "", yes = "确定", most = 2_000 } = {}) {
  const check = (told) => {
    if (required && !told?.trim()) return "请填写理由";
    return (told ?? "").length <= most || `至多 ${most} 字，请删减`;
  };
  return ElMessageBox.prompt(text, title, {
    ...words, confirmButtonText: yes, inputType: "textarea", inputValue: value, inputValidator: check,
  }).then((told) => (told.value ?? "").trim(), () => null);
}
