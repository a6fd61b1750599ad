// What happened, one under the other, and how much of a deadline is used up.

import { time, until } from "../format.js";
import { html } from "../html.js";

// items: [{ at, title, who, text, tone }], in the order in which they are to be read.
export const Timeline = ({ items }) => html`<ol class="timeline">
  ${items.map((item, at) => html`<li key=${at} class=${item.tone ?? ""}>
    <div>${item.title}</div>
    <div class="moment">${time(item.at)}${item.who ? ` · ${item.who}` : ""}</div>
    ${item.text && html`<div class="letter">${item.text}</div>`}
  </li>`)}
</ol>`;
Timeline.props = ["items"];

// html`<${DeadlineBar} from=${assigned} to=${deadline} stopped=${repliedAt} name="办理时限" />`
// `stopped`: when the clock stopped, if it has; `paused`: since when it stands still; `note`: a word more, such as 暂定.
export const DeadlineBar = ({ from, to, stopped, paused, name, note }) => {
  const now = stopped || paused ? Date.parse(stopped ?? paused) : Date.now();
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const share = Math.min(1, Math.max(0.01, (now - start) / Math.max(1, end - start)));
  const late = now > end;
  const tone = late ? "danger" : stopped ? "good" : share > 0.8 ? "warn" : "";
  const left = stopped ? (late ? `晚了 ${until(to, now).slice(3)}` : "按时完成") : `${paused ? "停表，" : ""}${until(to, now)}`;
  return html`<div class=${`deadline ${tone}`}>
    <div class="words"><span>${name}${note ? `（${note}）` : ""}</span><span class="left">${left}</span></div>
    <div class="track" role="img" aria-label=${`${name ?? "时限"}：${left}`}><div class="fill" style=${{ width: `${100 * share}%` }}></div></div>
    <div class="words"><span>${time(from)}</span><span>${time(to)}</span></div>
  </div>`;
};
DeadlineBar.props = ["from", "to", "stopped", "paused", "name", "note"];
