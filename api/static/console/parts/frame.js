// The frame of a page: its heading, what it is for, its buttons, and the states that it may be in.

import { html } from "../html.js";
import { route } from "../router.js";
import { explain } from "./failure.js";
import { Flap } from "./flap.js";
import { Button } from "./plain.js";
import { State } from "./state.js";

// html`<${Frame} help="…" load=${useLoad(…)} actions=${() => html`<${ElButton}>…</>`}>…</>`
// `title` stands for the page's own name, `lead` beside it. `load` may be left out; while it has
// no data its loading or failure is shown instead of the children.
export const Frame = (props, { slots }) => html`<div class="page">
  <div class="page-head">
    <h1 title=${props.title}>${props.title ?? route.page?.name}</h1>
    ${props.help && html`<${Flap} button=${{ class: "plain about" }} says=${() => "这页做什么"}><div class="about-text">${props.help}</div></>`}
    ${props.lead && html`<span class="lead">${props.lead}</span>`}
    <span class="grow"></span>
    <div class="page-actions">${props.actions?.()}</div>
  </div>
  <${Loaded} load=${props.load}>${() => slots.default?.()}</>
</div>`;
Frame.props = ["title", "help", "lead", "load", "actions"];

// The children where the data is there, else why not. An error over older data stands above it.
export const Loaded = (props, { slots }) => {
  const { load } = props;
  if (!load) return slots.default();
  if (load.error && load.data === null) return failure(load);
  if (load.data === null) return html`<${State} kind="loading" />`;
  return [load.error && html`<p class="note bad" role="alert">${explain(load.error)}</p>`, slots.default()];
};
Loaded.props = ["load"];

function failure({ error, reload }) {
  if (error.status === 404) return html`<${State} kind="missing" text=${error.message} />`;
  if (error.status === 403) return html`<${State} kind="rights" text=${error.message} />`;
  return html`<${State} kind="failed" text=${explain(error)}><${Button} onClick=${reload}>重试</></>`;
}
