// What came clearly more often in the last seven days, and the calendar of what returns each year.

import { get } from "../../api.js";
import { count, day, percent, tag } from "../../format.js";
import { html } from "../../html.js";
import { Loaded } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { State } from "../../parts/state.js";
import { Table } from "../../parts/table.js";
import { link } from "../../router.js";

const SOON = 45 * 86_400_000; // what comes within these days is to be prepared for now
const OPEN = {
  problem: (line) => link(`/problems/${line.key}`),
  theme: (line) => link("/problems", { theme: line.key }),
  domain: (line) => link("/problems", { domain: line.key }),
};
const open = (line) => OPEN[line.kind]?.(line);
const chance = (value) => (value < 0.0001 ? "不到 0.01%" : percent(value, 2));
const tens = (value) => value.toFixed(1);

const BURSTS = [
  { key: "name", name: "什么", link: true, wide: true, cell: (line) => line.name.split("/").join(" › ") },
  { key: "kind", name: "按", nowrap: true, cell: (line) => tag(line.kind_name) },
  { key: "count", name: "近 7 天", right: true, nowrap: true, cell: (line) => `${count(line.count)} 件` },
  { key: "expected", name: "往常应有", right: true, nowrap: true, cell: (line) => `${tens(line.expected)} 件` },
  { key: "ratio", name: "倍数", right: true, nowrap: true, cell: (line) => (line.expected < 0.05 ? "从前几乎没有" : `${tens(line.ratio)} 倍`) },
  { key: "chance", name: "碰巧的可能", right: true, nowrap: true, cell: (line) => chance(line.chance) },
  { key: "seasonal", name: "季节", nowrap: true, cell: (line) => (line.seasonal ? "已扣除" : "记录不足一年，没有扣除") },
];
const CALENDAR = [
  { key: "name", name: "什么", link: true, wide: true, cell: (line) => line.name.split("/").join(" › ") },
  { key: "kind", name: "按", nowrap: true, cell: (line) => tag(line.kind_name) },
  { key: "month", name: "哪个月", cell: (line) => html`<${Months} month=${line.month} />` },
  { key: "times", name: "是平均月份的", right: true, nowrap: true, cell: (line) => `${tens(line.times)} 倍` },
  { key: "years", name: "占全年的比例", cell: (line) => Object.entries(line.years).map(([year, share]) => `${year} 年 ${percent(share)}`).join("，") },
  { key: "reports", name: "历年来件", right: true, nowrap: true, cell: (line) => `${count(line.reports)} 件` },
  { key: "next", name: "下一次", nowrap: true, cell: (line) => html`<span class="number">${day(`${line.next_start}T00:00:00+08:00`)}</span> 起${nearness(line)}` },
];

// In the calendar what is to come within SOON days, or is here already, is marked.
function nearness({ next_start: start }) {
  const gap = Date.parse(`${start}T00:00:00+08:00`) - Date.now();
  if (gap >= SOON) return "";
  return html` ${tag(gap < 0 ? "正是时候" : "就要来了", "warn")}`;
}

export const Emerging = {
  setup() {
    const load = useLoad((signal) => get("/v1/emerging", {}, { signal }));
    return () => html`<${Loaded} load=${load}>${() => body(load.data)}</>`;
  },
};

const body = ({ bursts, calendar }) => html`<section class="panel">
    <div class="panel-head"><h2>近七天明显多了的</h2><span class="muted">与这件事自己的过去比，什么都没增长时，一百次检查至多误报一次</span></div>
    ${bursts.length ? html`<div class="table-scroll whole"><${Table} lines=${bursts} columns=${BURSTS} rowKey=${keyOf} open=${open} /></div>`
      : html`<${State} kind="empty" title="近七天没有明显多了的" text="少于三件的、过去不足八周的不报。" />`}
  </section>
  <section class="panel">
    <div class="panel-head"><h2>年历：每年到时候就来的</h2><span class="muted">满两个自然年才看得出；赶在投诉之前办</span></div>
    ${calendar.length ? html`<div class="table-scroll whole"><${Table} lines=${[...calendar].sort((one, other) => one.next_start.localeCompare(other.next_start))} columns=${CALENDAR} rowKey=${keyOf} open=${open} /></div>`
      : html`<${State} kind="empty" title="还看不出年年都来的" text="有了两个完整自然年的来件，这里会列出每年同一个月都多的事。" />`}
  </section>`;

const keyOf = (line) => `${line.kind}-${line.key}-${line.month ?? ""}`;

const Months = ({ month }) => html`<span class="months" role="img" aria-label=${`${month} 月`}>
  ${[...Array(12).keys()].map((at) => html`<i key=${at} class=${at + 1 === month ? "on" : ""}>${at + 1 === month ? month : ""}</i>`)}
</span>`;
Months.props = ["month"];
