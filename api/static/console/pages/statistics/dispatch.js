// How often the department that the system named first was left standing.

import { count, percent } from "../../format.js";
import { html } from "../../html.js";
import { Chart } from "../../parts/chart.js";
import { Rate, Rates, say } from "../../parts/rates.js";
import { State } from "../../parts/state.js";
import { FigureTable } from "./figuretable.js";

const KEYS = [["accuracy", "首次派单准确率"], ["direct", "直接交办的"], ["reviewed", "经复核的"]];
const MOST = 20;

export const Dispatch = ({ table, name, book }) => {
  const { total, groups } = table;
  if (!total.accuracy.denominator) return html`<div class="panel"><${State} kind="empty" title="这段时间没有可比的派单" text="换一个时段或条件试试。" /></div>`;
  const shown = groups.filter((one) => one.accuracy.denominator).sort((one, other) => other.accuracy.denominator - one.accuracy.denominator).slice(0, MOST);
  const option = (colours) => ({
    grid: { left: 8, right: 100, top: 8, bottom: 4, containLabel: true },
    tooltip: { formatter: ({ dataIndex }) => say("accuracy", { ...shown[dataIndex].accuracy, name: shown[dataIndex].name }) },
    xAxis: { type: "value", max: 1, axisLabel: { formatter: (value) => percent(value) } }, yAxis: { type: "category", inverse: true, data: shown.map((one) => one.name || "没有注明") },
    series: [{ type: "bar", barMaxWidth: 15, itemStyle: { color: colours.accent }, data: shown.map((one) => one.accuracy.value), label: { show: true, position: "right", color: colours.soft, formatter: ({ dataIndex, value }) => `${percent(value, 1)} ${shown[dataIndex].accuracy.numerator}/${shown[dataIndex].accuracy.denominator}` } }],
  });
  return html`<${Rates}>
    <div class="figures">${KEYS.map(([key, word]) => html`<div key=${key} class="figure"><b><${Rate} of=${key} rate=${total[key]} /></b><span>${word}</span></div>`)}
      <div class="figure"><b>${count(total.unnamed)}</b><span>系统没建议单位</span></div></div>
    <section class="panel"><div class="panel-head"><h2>各${name}首次派单准确率</h2></div><${Chart} label=${`各${name}首次派单准确率`} picture=${`各${name}首次派单准确率`} height=${`${Math.max(140, 30 + 24 * shown.length)}px`} option=${option} /></section>
    <div><${FigureTable} name=${`各${name}派单准确率`} lines=${groups} total=${total} columns=${columns(name)} book=${book} /></div>
  </>`;
};
Dispatch.props = ["table", "name", "book"];

const columns = (name) => [
  { key: "name", name, nowrap: true, cell: (line) => line.name || "没有注明" },
  ...KEYS.map(([key, word]) => ({ key, name: word, cell: (line) => html`<${Rate} of=${key} rate=${line[key]} />` })),
  { key: "unnamed", name: "没有建议单位", right: true, cell: (line) => count(line.unnamed) },
];
