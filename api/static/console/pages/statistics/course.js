// How the counts and rates went, day by day, week by week or month by month.

import { count } from "../../format.js";
import { html } from "../../html.js";
import { Chart } from "../../parts/chart.js";
import { Rate, Rates } from "../../parts/rates.js";
import { State } from "../../parts/state.js";
import { FigureTable } from "./figuretable.js";

const COUNTS = [["opened", "交办"], ["replied", "已回告"], ["closed", "已办结"], ["overdue", "超期未回告"]];
const RATES = [["on_time", "按时回复率"], ["completion", "办结率"], ["satisfaction", "满意率"], ["solution", "解决率"]];

export const Course = ({ table, name, book }) => {
  const { total, groups } = table;
  if (!groups.length) return html`<div class="panel"><${State} kind="empty" title="这段时间没有条目" text="换一个时段或条件试试。" /></div>`;
  return html`<${Rates}><div class="columns wide">
      <section class="panel"><div class="panel-head"><h2>${name}件数</h2></div><${Chart} label=${`${name}交办、回告、办结、超期几条`} picture=${`${name}件数`} height="300px" option=${lines(groups, COUNTS)} /></section>
      <section class="panel"><div class="panel-head"><h2>${name}比率</h2><span class="muted">没有分母的不画</span></div><${Chart} label=${`${name}按时回复率、办结率、满意率、解决率`} picture=${`${name}比率`} height="300px" option=${shares(groups)} /></section>
    </div>
    <${FigureTable} name=${`${name}统计`} lines=${groups} total=${total} columns=${COLUMNS} book=${book} />
  </>`;
};
Course.props = ["table", "name", "book"];

const COLUMNS = [
  { key: "name", name: "日期", nowrap: true, cell: (line) => line.name },
  ...COUNTS.map(([key, name]) => ({ key, name, right: true, cell: (line) => count(line.counts[key]) })),
  ...RATES.map(([key, name]) => ({ key, name, cell: (line) => html`<${Rate} of=${key} rate=${line.rates[key]} />` })),
];

const lines = (groups, keys) => () => ({
  legend: {}, tooltip: { trigger: "axis" }, xAxis: { type: "category", data: groups.map((one) => one.name) }, yAxis: { type: "value", minInterval: 1 },
  series: keys.map(([key, name]) => ({ name, type: "line", symbolSize: 5, data: groups.map((one) => one.counts[key]) })),
});

const shares = (groups) => () => ({
  legend: {}, xAxis: { type: "category", data: groups.map((one) => one.name) },
  yAxis: { type: "value", max: 1, axisLabel: { formatter: (value) => `${Math.round(100 * value)}%` } },
  tooltip: { trigger: "axis", formatter: (parts) => [parts[0].axisValue, ...parts.map((one) => say(groups[one.dataIndex].rates[RATES[one.seriesIndex][0]]))].join("\n") },
  series: RATES.map(([key, name]) => ({ name, type: "line", symbolSize: 5, connectNulls: false, data: groups.map((one) => one.rates[key].value) })),
});

const say = ({ name, value, numerator, denominator }) => `${name} ${denominator ? `${(100 * value).toFixed(1)}%` : "—"}（${numerator}/${denominator}）`;
