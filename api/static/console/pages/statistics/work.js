// How many, and what became of them, by whatever is chosen: the figures, two charts and the table.

import { count } from "../../format.js";
import { html } from "../../html.js";
import { Chart } from "../../parts/chart.js";
import { Rate, Rates } from "../../parts/rates.js";
import { State } from "../../parts/state.js";
import { FigureTable } from "./figuretable.js";

const RATES = ["reply", "on_time", "completion", "completion_solved", "completion_explained", "completion_not_supported", "satisfaction", "solution", "return", "repeat"];
const COUNTS = { opened: "交办", replied: "已回告", closed: "已办结", due: "到期件", overdue: "超期", evaluated: "有评价", returns: "退回", extensions: "延期", urges: "督办", reopenings: "重办", apart: "另行处理" };
const MOST = 15; // bars; the rest stands in the table

export const Work = ({ table, name, book }) => {
  const { total, groups } = table;
  if (!total.counts.opened) return html`<div class="panel"><${State} kind="empty" title="这段时间没有条目" text="换一个时段或条件试试。" /></div>`;
  return html`<${Rates}>
    <div class="figures even">${[["opened", "交办"], ["replied", "已回告"], ["closed", "已办结"], ["overdue", "超期未回告"]].map(([key, word]) => html`<div key=${key} class=${`figure ${key === "overdue" && total.counts.overdue ? "danger" : ""}`}><b>${count(total.counts[key])}</b><span>${word}</span></div>`)}
      ${["on_time", "completion", "satisfaction", "solution"].map((key) => html`<div key=${key} class="figure"><b><${Rate} of=${key} rate=${total.rates[key]} /></b><span>${total.rates[key].name}</span></div>`)}</div>
    <div class="columns wide">
      <section class="panel"><div class="panel-head"><h2>各${name}交办、回告、办结</h2></div><${Chart} label=${`各${name}交办、已回告、已办结几条`} picture=${`各${name}件数`} height="320px" option=${counts(groups)} /></section>
      <section class="panel"><div class="panel-head"><h2>各${name}按时回复率、满意率</h2></div><${Chart} label=${`各${name}按时回复率、满意率`} picture=${`各${name}比率`} height="320px" option=${rates(groups)} /></section>
    </div>
    <${FigureTable} name=${`各${name}统计`} lines=${groups} total=${total} columns=${columns(name)} book=${book} />
  </>`;
};
Work.props = ["table", "name", "book"];

const columns = (name) => [
  { key: "name", name, nowrap: true, cell: (line) => line.name || "没有注明" },
  ...Object.entries(COUNTS).map(([key, word]) => ({ key, name: word, right: true, cell: (line) => count(line.counts[key]) })),
  ...RATES.map((key) => ({ key, name: NAMES[key], cell: (line) => html`<${Rate} of=${key} rate=${line.rates[key]} />` })),
];
const NAMES = { reply: "回复率", on_time: "按时回复率", completion: "办结率", completion_solved: "已解决", completion_explained: "已解释", completion_not_supported: "不予支持", satisfaction: "满意率", solution: "解决率", return: "退件率", repeat: "重复率" };

const largest = (groups) => [...groups].sort((one, other) => other.counts.opened - one.counts.opened).slice(0, MOST);
const labels = (groups) => ({ type: "category", data: groups.map((one) => one.name || "没有注明"), axisLabel: { interval: 0, rotate: groups.length > 6 ? 40 : 0, width: 90, overflow: "truncate" } });

function counts(groups) {
  const shown = largest(groups);
  return () => ({
    legend: {}, tooltip: { trigger: "axis" }, xAxis: labels(shown), yAxis: { type: "value", minInterval: 1 },
    series: [["opened", "交办"], ["replied", "已回告"], ["closed", "已办结"]].map(([key, word]) => ({ name: word, type: "bar", barMaxWidth: 16, data: shown.map((one) => one.counts[key]) })),
  });
}

function rates(groups) {
  const shown = largest(groups);
  const told = (key, at) => shown[at].rates[key];
  const keys = [["on_time", "按时回复率"], ["satisfaction", "满意率"]];
  return () => ({
    legend: {}, xAxis: labels(shown), yAxis: { type: "value", max: 1, axisLabel: { formatter: (value) => `${Math.round(100 * value)}%` } },
    tooltip: { trigger: "axis", formatter: (parts) => [parts[0].axisValue, ...parts.map((one) => { const rate = told(keys[one.seriesIndex][0], one.dataIndex); return `${one.seriesName} ${rate.denominator ? `${(100 * rate.value).toFixed(1)}%` : "—"}（${rate.numerator}/${rate.denominator}）`; })].join("\n") },
    series: keys.map(([key, word]) => ({ name: word, type: "bar", barMaxWidth: 16, data: shown.map((one) => one.rates[key].value) })),
  });
}
