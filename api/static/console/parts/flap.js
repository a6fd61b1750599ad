// What opens below a button and closes at Escape or as soon as one goes elsewhere; the browser opens it.

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
// in it closes it too.
export const Flap = (props, { slots }) => html`<details class="flap" onFocusout=${leave} onKeydown=${escape} onClick=${({ target, currentTarget }) => target.closest(".flap-body button") && close(currentTarget)}>
  <summary ...${props.button}>${props.says()}</summary>
  <div class="flap-body">${slots.default?.()}</div>
</details>`;
Flap.props = ["button", "says"];
