// The text of a submission with the words that decided its labels marked.

import { html } from "../html.js";

// html`<${Letter} submission=${submission} suggestion=${suggestion} />`; without a suggestion no marks.
export const Letter = ({ submission, suggestion }) => html`<div>
  ${submission.title && html`<p class="letter letter-title">${mark(submission.title, spans(suggestion, "title", submission.title))}</p>`}
  ${submission.content && html`<p class="letter">${mark(submission.content, spans(suggestion, "content", submission.content))}</p>`}
</div>`;
Letter.props = ["submission", "suggestion"];

// [{ start, end, kind }]: what spoke for the domain, and the words that made it urgent (kind danger).
// Offsets count characters, not UTF-16 units.
export function spans(suggestion, field, text) {
  if (!suggestion) return [];
  const found = suggestion.evidence.filter((span) => span.field === field).map(({ start, end }) => ({ start, end, kind: "" }));
  for (const reason of suggestion.urgency.reasons) {
    for (const [, words] of reason.matchAll(/[“「]([^”」]+)[”」]/g)) {
      const at = text.indexOf(words);
      if (at < 0) continue;
      const start = [...text.slice(0, at)].length;
      found.push({ start, end: start + [...words].length, kind: "danger" });
    }
  }
  return found;
}

const KINDS = { "": "领域的依据", danger: "紧急程度的依据", personal: "个人信息" };

// marked: [{ start, end, kind }], in characters; kinds as above.
export function mark(text, marked) {
  const characters = [...text];
  const kinds = new Array(characters.length).fill(null);
  for (const { start, end, kind } of marked) {
    for (let at = start; at < Math.min(end, kinds.length); at += 1) kinds[at] = kind || kinds[at] || "";
  }
  const parts = [];
  for (let at = 0; at < characters.length;) {
    let end = at;
    while (end < characters.length && kinds[end] === kinds[at]) end += 1;
    const words = characters.slice(at, end).join("");
    parts.push(kinds[at] === null ? words : html`<mark key=${at} class=${kinds[at]} title=${KINDS[kinds[at]]}>${words}</mark>`);
    at = end;
  }
  return parts;
}
