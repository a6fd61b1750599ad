// How a page says what it looks like: html`<p class="note">${text}</p>`, read by htm into Vue's nodes.
// Nothing is compiled in the browser and no text ever becomes markup.
//
// What stands inside a component becomes its default slot; a single function there is a slot with
// arguments, and `slots=${{ name: () => … }}` gives the named ones.

import htm from "htm";
import { h } from "vue";

function make(type, props, ...children) {
  this[0] = 3; // htm would otherwise keep what it takes for constant and hand out the same node twice
  if (typeof type === "string") return h(type, props, children);
  const { slots, ...rest } = props ?? {};
  const filled = { ...slots };
  if (children.length === 1 && typeof children[0] === "function") [filled.default] = children;
  else if (children.length) filled.default = () => children;
  return h(type, rest, filled);
}

export const html = htm.bind(make);

// The two halves of v-model: html`<${ElInput} ...${bind(form, "name")} />`
export function bind(state, key) {
  return { modelValue: state[key], "onUpdate:modelValue": (value) => { state[key] = value; } };
}
