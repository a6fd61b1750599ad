// Keyboard shortcuts of a page, and the list of them that ? shows.

import { ElDialog } from "element-plus";
import { onScopeDispose, reactive } from "vue";
import { html } from "../html.js";

// useKeys([["j", "下一件", next], ["ctrl+Enter", "确认并下一件", confirm], …]). Single letters do
// nothing while one types in a field; combinations with ctrl do. ? opens the list, drawn by KeyHelp: of
// several keys that do the like one has the name and, fourth, how they are written together (1–4).
export function useKeys(keys) {
  const state = reactive({ keys, shown: false });
  const steps = new Map(keys.map(([key, , step]) => [key.toLowerCase(), step]));
  const press = (event) => {
    if (event.isComposing || event.altKey || event.metaKey) return;
    const key = `${event.ctrlKey ? "ctrl+" : ""}${event.key}`.toLowerCase();
    if (isTyping(event.target) && !event.ctrlKey && event.key !== "Escape") return;
    if (document.querySelector(".el-overlay:not([style*='display: none'])") && key !== "escape") return;
    if (event.key === "Enter" && !event.ctrlKey && event.target.closest("a, button, summary")) return; // it presses that
    if (event.repeat && !key.startsWith("arrow")) return; // a key held down does what it does once
    const step = key === "?" ? () => { state.shown = true; } : steps.get(key);
    if (!step) return;
    event.preventDefault();
    step(event);
  };
  addEventListener("keydown", press);
  onScopeDispose(() => removeEventListener("keydown", press));
  return state;
}

const isTyping = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

// As the keys of a keyboard are marked.
const MARKS = { arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", escape: "Esc", "ctrl+enter": "Ctrl + Enter" };
const spell = (key) => MARKS[key.toLowerCase()] ?? (key.length === 1 ? key.toUpperCase() : key);

// html`<${KeyHelp} keys=${keys} />` draws the button and the list.
export const KeyHelp = ({ keys }) => html`<span>
  <button type="button" class="plain about" onClick=${() => { keys.shown = true; }}>快捷键 <kbd>?</kbd></button>
  <${ElDialog} modelValue=${keys.shown} onUpdate:modelValue=${(shown) => { keys.shown = shown; }} title="快捷键" appendToBody>
    <div class="keys">${keys.keys.filter(([, name]) => name).map(([key, name, , shown]) => [html`<kbd>${shown ?? spell(key)}</kbd>`, html`<span>${name}</span>`])}</div>
  </>
</span>`;
KeyHelp.props = ["keys"];
