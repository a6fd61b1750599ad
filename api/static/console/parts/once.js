// What the server shows only this once: a key, a secret, a link. To be copied before it goes.

import { ElButton, ElDialog } from "element-plus";
import { reactive, ref } from "vue";
import { html } from "../html.js";

// html`<${Once} shown=${secret} title="新的密钥" name="密钥" onDone=${() => …}>what to do with it</>`;
// it closes by its button alone, so that no stray click loses what cannot be shown again.
export const Once = {
  props: ["shown", "title", "name"],
  emits: ["done"],
  setup(props, { emit, slots }) {
    const state = reactive({ copied: "" });
    const box = ref(null);
    const copy = async () => { state.copied = await copyText(props.shown, box.value) ? "已复制" : "浏览器不让复制，请选中后按 Ctrl + C"; };
    const done = () => {
      state.copied = "";
      emit("done");
    };
    return () => html`<${ElDialog} modelValue=${Boolean(props.shown)} title=${props.title} showClose=${false} closeOnClickModal=${false} closeOnPressEscape=${false} appendToBody>
      <p class="note warn">只显示这一次，关掉就再也看不到。${slots.default?.()}</p>
      <code ref=${box} class="code-once" tabindex="0" aria-label=${props.name}>${props.shown}</code>
      <div class="buttons once">
        <${ElButton} type="primary" onClick=${copy}>复制${props.name}</>
        <${ElButton} onClick=${done}>已经存好，关闭</>
        <span role="status">${state.copied}</span>
      </div>
    </>`;
  },
};

// Whether it is on the clipboard. Where the page did not come by https the browser has no clipboard
// for pages, and the older way is tried.
async function copyText(text, element) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}
