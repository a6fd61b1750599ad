// What opens below a button and closes at Escape or as soon as one goes elsewhere; the browser opens it.

import { reactive } from "vue";
import { html } from "../html.js";

const close = (flap) => { flap.open = false; };

function leave({ currentTarget, relatedTarget }) {
  if (!currentTarget.contains(relatedTarget)) close(currentTarget);
}

function escape({ key, currentTarget }) {
  if (key !== "Escape" || !currentTarget.open) return;
  close(currentTarget);
  currentTarget.querySelector("summary").focus();
}

// html`<${Flap} class="…" button=${{ class: "plain" }} says=${() => "这页做什么"}>…</>`; a press on a button
// in it closes it too. While it is closed nothing of it stands in the page.
export const Flap = {
  props: ["button", "says"],
  setup(props, { slots }) {
    const state = reactive({ open: false });
    return () => html`<details class="flap" onToggle=${({ currentTarget }) => { state.open = currentTarget.open; }} onFocusout=${leave} onKeydown=${escape} onClick=${({ target, currentTarget }) => target.closest(".flap-body button") && close(currentTarget)}>
      <summary ...${props.button}>${props.says()}</summary>
      <div class="flap-body">${state.open && slots.default?.()}</div>
    </details>`;
  },
};
