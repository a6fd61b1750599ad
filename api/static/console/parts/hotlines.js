// The emergency lines as buttons: whoever has telephoned one says which.

import { html } from "../html.js";
import { loadWords } from "../reference.js";
import { Loaded } from "./frame.js";
import { useLoad } from "./load.js";

// html`<${Hotlines} first="review-alarm" busy=${call.busy} onPick=${({ code, name }) => …} />`; `first`
// is the id of the first button, for a key that goes there. The second press of a double click does
// not count: what stands there by then is another thing.
export const Hotlines = {
  props: ["first", "busy"],
  emits: ["pick"],
  setup(props, { emit }) {
    const lines = useLoad(async () => (await loadWords()).enumerations.emergency_lines);
    const pick = (line) => (event) => event.detail < 2 && emit("pick", line);
    return () => html`<${Loaded} load=${lines}>${() => html`<div class="levels lines">${lines.data.map((line, at) => html`<button type="button" key=${line.code} id=${at ? undefined : props.first} class="keyed" disabled=${Boolean(props.busy)} onClick=${pick(line)}><b class="number">${line.code}</b>${line.name}</button>`)}</div>`}</>`;
  },
};
