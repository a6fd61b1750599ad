// What a submission probably repeats: which, why, and the words in which the two differ.

import { day, percent, stateTag, tag } from "../format.js";
import { html } from "../html.js";
import { link } from "../router.js";

// lines: as GET /v1/submissions/{id}/repeats and POST /v1/suggest give them. `actions` (a line) =>
// buttons. html`<${Repeats} lines=${found.lines} actions=${(line) => html`…`} />`
export const Repeats = ({ lines, actions }) => html`<ul class="repeats">${lines.map((line) => html`<li key=${line.other.id}>
  <div class="buttons">
    ${tag(line.kind_name, "warn")}
    <a class="what" href=${link(`/submissions/${encodeURIComponent(line.other.id)}`)} target="_blank" rel="noopener">${line.other.title || line.other.content.slice(0, 30)}</a>
    ${line.similarity !== null && html`<span class="number">相同 ${percent(line.similarity)}</span>`}
    <span class="muted number">${day(line.other.received_at ?? line.other.recorded_at)}</span>
    ${line.entries.map((entry) => html`<a key=${entry.id} href=${link(`/entries/${entry.id}`)} target="_blank" rel="noopener" aria-label=${`条目 ${entry.id}，${entry.state_name}`}>${stateTag(entry.state)}</a>`)}
    ${actions?.(line)}
  </div>
  ${line.differences?.length > 0 && html`<details><summary>逐字对照</summary><${Differences} pieces=${line.differences} /></details>`}
</li>`)}</ul>`;
Repeats.props = ["lines", "actions"];

// The two texts in one: what only this one says is underlined, what only the other says struck out.
export const Differences = ({ pieces }) => html`<div>
  <p class="hint">下划线：只有本件有；删除线：只有另一件有</p>
  <p class="letter">${pieces.map((piece, at) => (piece.where === "both" ? piece.text : html`<${piece.where === "one" ? "ins" : "del"} key=${at}>${piece.text}</>`))}</p>
</div>`;
Differences.props = ["pieces"];
