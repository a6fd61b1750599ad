// How long each step took: half of the entries at most so long, nine of ten at most so long.

import { count } from "../../format.js";
import { html } from "../../html.js";
import { Chart } from "../../parts/chart.js";
import { State } from "../../parts/state.js";
import { FigureTable } from "./figuretable.js";

// Short for the heads of columns; what each runs from and to says the server's own name for it.
const STAGES = { dispatch: "派单", accept: "签收", carry_out: "办理", reply: "回复", evaluate: "评价", close: "销号", whole: "全程" };

export const Hours = ({ table, name, book }) => {
  const { total, groups } = table;
  const stages = Object.entries(total.stages);
  if (!stages.some(([, one]) => one.count)) return html`<div class="panel"><${State} kind="empty" title="这段时间没有走完的环节" text="换一个时段或条件试试。" /></div>`;
  const option = (colours) => ({
    legend: {}, grid: { left: 8, right: 80, top: 30, bottom: 4, containLabel: true },
    tooltip: { trigger: "axis", formatter: (parts) => [parts[0].axisValue, ...parts.map((one) => `${one.seriesName} ${span(one.value)}`), `${count(stages[parts[0].dataIndex][1].count)} 条走过`].join("\n") },
    xAxis: { type: "value", name: "小时" }, yAxis: { type: "category", inverse: true, data: stages.map(([, one]) => one.name) },
    series: [["median", "一半不超过", colours.accent], ["p90", "九成不超过", colours.warn]].map(([key, word, color]) => ({ name: word, type: "bar", barMaxWidth: 13, itemStyle: { color }, data: stages.map(([, one]) => one[key]), label: { show: true, position: "right", color: colours.soft, formatter: ({ value }) => span(value) } })),
  });
  return html`<section class="panel"><div class="panel-head"><h2>各环节用时</h2><span class="muted">一天以内精确到 0.1 小时</span></div><${Chart} label="各环节用时：一半和九成条目不超过多少小时" picture="各环节用时" height="330px" option=${option} /></section>
    <div><${FigureTable} name=${`各${name}用时`} lines=${groups} total=${total} columns=${columns(name, stages)} book=${book} /></div>`;
};
Hours.props = ["table", "name", "book"];

const columns = (name, stages) => [
  { key: "name", name, nowrap: true, cell: (line) => line.name || "没有注明" },
  ...stages.flatMap(([key, stage]) => [
    { key: `${key}-median`, name: `${STAGES[key]} 一半`, right: true, nowrap: true, cell: (line) => html`<span title=${`${stage.name}，${line.stages[key].count} 条`}>${span(line.stages[key].median)}</span>` },
    { key: `${key}-p90`, name: `${STAGES[key]} 九成`, right: true, nowrap: true, cell: (line) => span(line.stages[key].p90) },
  ]),
];

// 3.5 小时, 2.1 天
function span(hours) {
  if (hours === null || hours === undefined) return "—";
  return hours < 48 ? `${Number(hours.toFixed(1))} 小时` : `${Number((hours / 24).toFixed(1))} 天`;
}
