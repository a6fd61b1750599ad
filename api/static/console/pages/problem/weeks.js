// How many came in each week, from the first to now.

import { html } from "../../html.js";
import { Chart } from "../../parts/chart.js";
import { lastWeeks, mondayOf } from "../../parts/spark.js";

const WEEK = 7 * 86_400_000;
const MOST_WEEKS = 104;

export const Weeks = ({ problem }) => {
  const now = Date.now();
  const first = Date.parse(`${mondayOf(Date.parse(problem.first_seen))}T00:00:00+08:00`);
  const number = Math.min(MOST_WEEKS, Math.max(13, Math.floor((now - first) / WEEK) + 2));
  const counts = lastWeeks(problem.weeks, number, now);
  const days = [...Array(number).keys()].map((at) => mondayOf(now - (number - 1 - at) * WEEK));
  const option = (colours) => ({
    grid: { left: 8, right: 12, top: 14, bottom: 4, containLabel: true },
    tooltip: { trigger: "axis", formatter: ([one]) => `${one.axisValue} 起的一周：${one.value} 件` },
    xAxis: { type: "category", data: days },
    yAxis: { type: "value", minInterval: 1 },
    series: [{ type: "bar", data: counts, barMaxWidth: 22, itemStyle: { color: colours.accent } }],
  });
  return html`<section class="panel"><div class="panel-head"><h2>每周收到</h2><span class="muted">周一起的一周</span></div>
    <${Chart} label=${`${problem.name}每周收到几件`} picture=${`${problem.name}-每周收到`} height="170px" option=${option} /></section>`;
};
Weeks.props = ["problem"];
