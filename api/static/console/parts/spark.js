// A small line in a row of a table: how many came in each of the last weeks.

import { html } from "../html.js";

const WIDTH = 104;
const HEIGHT = 26;
const WEEK = 7 * 86_400_000;

// counts: numbers, the oldest first. html`<${Spark} counts=${lastWeeks(problem.weeks, 13)} label="近13周" />`
export const Spark = ({ counts, label }) => {
  const most = Math.max(1, ...counts);
  const x = (at) => 2 + (at * (WIDTH - 4)) / Math.max(1, counts.length - 1);
  const y = (value) => HEIGHT - 3 - (value * (HEIGHT - 6)) / most;
  const points = counts.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
  const says = `${label}：${counts.join("、")} 件`;
  return html`<svg class="spark" role="img" aria-label=${says} viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} width=${WIDTH} height=${HEIGHT}>
    <title>${says}</title>
    <polygon points=${`${x(0)},${HEIGHT - 2} ${points.join(" ")} ${x(counts.length - 1)},${HEIGHT - 2}`} />
    <polyline points=${points.join(" ")} />
    <circle cx=${x(counts.length - 1)} cy=${y(counts.at(-1) ?? 0)} r="2.2" />
  </svg>`;
};
Spark.props = ["counts", "label"];

// Of counts by Monday ({ "2026-11-23": 3 }) those of the last `number` weeks, this one last.
export function lastWeeks(weeks, number, now = Date.now()) {
  const days = [...Array(number).keys()].map((at) => mondayOf(now - (number - 1 - at) * WEEK));
  return days.map((day) => weeks[day] ?? 0);
}

// The Monday of that moment's week in China: "2026-11-23".
export function mondayOf(moment) {
  const there = new Date(moment + 8 * 3_600_000);
  const since = (there.getUTCDay() + 6) % 7;
  return new Date(there.getTime() - since * 86_400_000).toISOString().slice(0, 10);
}
