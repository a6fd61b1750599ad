// The plain part of Markdown, as our own cards are written in: headings, tables, lists, code, bold.
// It is read into nodes, so nothing in it ever becomes markup.

import { html } from "../html.js";

// html`<${Markdown} text=${card.text} />`
export const Markdown = ({ text }) => html`<div class="markdown">${blocks(text).map(draw)}</div>`;
Markdown.props = ["text"];

// [kind, lines] one after the other.
function blocks(text) {
  const found = [];
  let fenced = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) {
      fenced = !fenced;
      if (fenced) found.push(["code", []]);
      continue;
    }
    const kind = fenced ? "code" : kindOf(line);
    if (fenced) found.at(-1)[1].push(line);
    else if (kind && found.at(-1)?.[0] === kind && kind !== "heading") found.at(-1)[1].push(line);
    else found.push([kind, [line]]);
  }
  return found.filter(([kind]) => kind);
}

function kindOf(line) {
  if (!line.trim()) return "";
  if (/^#+ /.test(line)) return "heading";
  if (line.startsWith("|")) return "table";
  if (/^\s*([-*]|\d+\.) /.test(line)) return "list";
  return line.startsWith("    ") ? "code" : "text";
}

function draw([kind, lines], at) {
  switch (kind) {
    case "heading": return html`<h3 key=${at}>${lines[0].replace(/^#+ /, "")}</h3>`;
    case "code": return html`<pre key=${at}>${lines.map((line) => line.replace(/^ {4}/, "")).join("\n")}</pre>`;
    case "list": return html`<ul key=${at} class="reasons">${lines.map((line, one) => html`<li key=${one}>${inline(line.replace(/^\s*([-*]|\d+\.) /, ""))}</li>`)}</ul>`;
    case "table": return table(lines, at);
    default: return html`<p key=${at}>${inline(lines.join(""))}</p>`;
  }
}

function table(lines, at) {
  const [head, ...rows] = lines.filter((line) => !/^\|[\s:|-]+\|?$/.test(line)).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  return html`<div key=${at} class="table-scroll whole" tabindex="0" role="region" aria-label=${head[0]}><table class="table plain-table"><thead><tr>${head.map((cell, one) => html`<th key=${one} scope="col">${inline(cell)}</th>`)}</tr></thead>
    <tbody>${rows.map((row, down) => html`<tr key=${down}>${row.map((cell, one) => html`<td key=${one} data-label=${head[one]}>${inline(cell)}</td>`)}</tr>`)}</tbody></table></div>`;
}

const inline = (text) => text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part, at) => {
  if (part.startsWith("**")) return html`<b key=${at}>${part.slice(2, -2)}</b>`;
  return part.startsWith("`") ? html`<code key=${at}>${part.slice(1, -1)}</code>` : part;
});
