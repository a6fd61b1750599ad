// Asking before something is done, with or without a reason.

import { ElMessageBox } from "element-plus";
import { guardLeaving } from "../router.js";

const words = { confirmButtonText: "确定", cancelButtonText: "取消", autofocus: true };

// True where the user agrees: if (await confirm("吊销后不能恢复。", "吊销密钥")) …
// What cannot be taken back is not agreed to by Enter alone.
export async function confirm(text, title = "请确认", { danger = false, yes = "确定", no = "取消" } = {}) {
  return ElMessageBox.confirm(text, title, {
    ...words, autofocus: !danger, confirmButtonText: yes, cancelButtonText: no, type: danger ? "warning" : "", confirmButtonType: danger ? "danger" : "primary",
  }).then(() => true, () => false);
}

// The reason that the user wrote, or null where they thought better of it.
export async function askReason(title, { text = "请写明理由，会记入经办记录。", required = true, value = "", yes = "确定", most = 2_000 } = {}) {
  let typed = value;
  const check = (told) => {
    typed = told ?? "";
    if (required && !told?.trim()) return "请填写理由";
    return (told ?? "").length <= most || `至多 ${most} 字，请删减`;
  };
  // What was written is not lost by Escape, by a press beside the box or on the way to another page.
  const isLost = () => typed.trim() !== "" && typed !== value;
  const drop = () => confirm("写的理由还没有提交，关闭就没有了。", `关闭“${title}”？`, { yes: "关闭", no: "继续填写", danger: true });
  const free = guardLeaving(isLost, async () => {
    const agreed = await drop();
    if (agreed) document.querySelector(".reason-cancel")?.click(); // closing all boxes would break the one above
    return agreed;
  });
  return ElMessageBox.prompt(text, title, {
    ...words, confirmButtonText: yes, cancelButtonClass: "reason-cancel", inputType: "textarea", inputValue: value, inputValidator: check,
    closeOnClickModal: false, closeOnHashChange: false, distinguishCancelAndClose: true,
    beforeClose: async (action, box, done) => { if (action !== "close" || !isLost() || await drop()) done(); },
  }).then((told) => (told.value ?? "").trim(), () => null).finally(free);
}
