// How dates, numbers and labels are written: China time, Chinese figures, colour and word together.

import { html } from "./html.js";
import { STATES, STATE_TONES, URGENCIES } from "./names.js";

const DAY = 86_400_000;
const CHINA = 8 * 3_600_000;
const NONE = "—";

const spell = (moment) => new Date(Date.parse(moment) + CHINA).toISOString();

// 2026-11-22
export const day = (moment) => (moment ? spell(moment).slice(0, 10) : NONE);

// 2026-11-22 14:05
export const time = (moment) => (moment ? spell(moment).slice(0, 16).replace("T", " ") : NONE);

// Today as the API and the date pickers spell it: "2026-11-22".
export const today = (shift = 0) => new Date(Date.now() + CHINA + shift * DAY).toISOString().slice(0, 10);

// 2026-11-22T00:00:00+08:00, as filters `since` and `until` take it; `shift` days later.
export const startOf = (date, shift = 0) => `${new Date(Date.parse(`${date}T00:00:00Z`) + shift * DAY).toISOString().slice(0, 10)}T00:00:00+08:00`;

// 1,234,567
export const count = (number) => (number === null || number === undefined ? NONE : number.toLocaleString("zh-CN"));

// 83.3%
export const percent = (share, digits = 0) => (share === null || share === undefined ? NONE : `${(100 * share).toFixed(digits)}%`);

// A rate never stands without its counts: 83.3%（5/6）
export const rate = (numerator, denominator) => (denominator ? `${percent(numerator / denominator, 1)}（${count(numerator)}/${count(denominator)}）` : NONE);

// 3.4 MB
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(0)} KB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

// How long until then, or since: 还有 3 小时, 超期 2 天.
export function until(moment, now = Date.now()) {
  const gap = Date.parse(moment) - now;
  return `${gap < 0 ? "超期" : "还有"} ${span(Math.abs(gap))}`;
}

// 刚刚, 5 分钟前, 3 小时前, then the day.
export function ago(moment, now = Date.now()) {
  const gap = now - Date.parse(moment);
  if (gap < 60_000) return "刚刚";
  return gap < DAY ? `${span(gap)}前` : day(moment);
}

export function span(milliseconds) {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 1) return "不到 1 分钟";
  if (minutes < 60) return `${minutes} 分钟`;
  const hours = Math.round(milliseconds / 3_600_000);
  return hours < 48 ? `${hours} 小时` : `${Math.floor(hours / 24)} 天`;
}

// A label: colour and word. Tones: danger, warn, wait, work, good, calm.
export const tag = (word, tone = "calm") => html`<span class=${`tag ${tone}`}>${word}</span>`;

const URGENCY_TONES = { 1: "urgent", 2: "danger", 3: "warn", 4: "calm" };
export const urgencyTag = (level) => tag(URGENCIES[level] ?? NONE, URGENCY_TONES[level]);
export const stateTag = (state) => tag(STATES[state] ?? state, STATE_TONES[state]);

// The last step of a domain's path, the whole of which stands in the title on hover.
export const domainLeaf = (path) => html`<span title=${path}>${(path ?? "").split("/").at(-1) || NONE}</span>`;
