// A dialog with something to fill in: what was typed is not lost by a press of Escape, beside it or
// on the way to another page; 取消 is said on purpose and asks nothing.

import { ElDialog } from "element-plus";
import { reactive, watch } from "vue";
import { html } from "../html.js";
import { confirm } from "./dialogs.js";
import { useUnsaved } from "./unsaved.js";

// html`<${Dialog} title="改派" onClose=${close}>…</>`; `shown` may be left out where it is drawn only while open.
export const Dialog = {
  inheritAttrs: false,
  props: { title: String, shown: { type: Boolean, default: true } },
  emits: ["close"],
  setup(props, { attrs, emit, slots }) {
    const state = reactive({ typed: false });
    watch(() => props.shown, () => { state.typed = false; });
    useUnsaved(() => props.shown && state.typed);
    const note = ({ target }) => { if (isText(target) && target.value.trim()) state.typed = true; };
    const leave = async (done) => {
      if (!state.typed || await confirm("填写的内容还没有提交，关闭就没有了。", `关闭“${props.title}”？`, { yes: "关闭", no: "继续填写", danger: true })) done();
    };
    return () => html`<${ElDialog} ...${attrs} modelValue=${props.shown} title=${props.title} closeOnClickModal=${false} beforeClose=${leave} onInput=${note} onUpdate:modelValue=${() => emit("close")}>${slots.default?.()}</>`;
  },
};

// A text, and not what one types to find something to choose.
const isText = (field) => ["textarea", "text"].includes(field.type) && field.getAttribute("role") !== "combobox";
