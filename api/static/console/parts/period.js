// Choosing a period: the usual ones by one click, or two dates; it stands in the address.

import { ElButton, ElDatePicker } from "element-plus";
import { startOf, today } from "../format.js";
import { html } from "../html.js";
import { refine, route } from "../router.js";

const DAY = 86_400_000;

// [first day, last day] of each, by name.
const PERIODS = [
  ["今天", () => [today(), today()]],
  ["本周", () => [today(1 - weekday()), today()]],
  ["上周", () => [today(-6 - weekday()), today(-weekday())]],
  ["本月", () => [`${today().slice(0, 8)}01`, today()]],
  ["上月", () => lastMonth()],
  ["近 30 天", () => [today(-29), today()]],
  ["近 90 天", () => [today(-89), today()]],
  ["今年", () => [`${today().slice(0, 5)}01-01`, today()]],
];
export const USUAL = "近 30 天";

const weekday = () => (new Date(`${today()}T00:00:00Z`).getUTCDay() + 6) % 7 + 1; // Monday is 1

function lastMonth() {
  const last = new Date(Date.parse(`${today().slice(0, 8)}01T00:00:00Z`) - DAY).toISOString().slice(0, 10);
  return [`${last.slice(0, 8)}01`, last];
}

// The days that the address names, else the usual ones: ["2026-11-01", "2026-11-22"].
export function readPeriod(query = route.query) {
  if (query.since && query.until) return [query.since, query.until];
  return PERIODS.find(([name]) => name === USUAL)[1]();
}

// The same as the API asks for it: { since, until }, the last day within.
export function askedPeriod() {
  const [first, last] = readPeriod();
  return { since: startOf(first), until: startOf(last, 1) };
}

const same = (one, other) => one[0] === other[0] && one[1] === other[1];

// html`<${Period} />`, inside a bar of filters.
export const Period = () => html`<div class="field period"><span>时段</span><div class="buttons">
  ${PERIODS.map(([name, days]) => html`<${ElButton} key=${name} size="small" aria-pressed=${String(same(days(), readPeriod()))} type=${same(days(), readPeriod()) ? "primary" : ""} onClick=${() => pick(days())}>${name}</>`)}
  <${ElDatePicker} type="daterange" size="small" valueFormat="YYYY-MM-DD" format="YYYY-MM-DD" unlinkPanels clearable=${false} startPlaceholder="从" endPlaceholder="到" modelValue=${readPeriod()} onUpdate:modelValue=${(days) => days && pick(days)} />
</div></div>`;

const pick = ([since, until]) => refine({ since, until, cursor: "" });
