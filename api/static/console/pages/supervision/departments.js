// Departments beside one another: counts, and rates that never stand without theirs.

import { ElButton, ElOption, ElSelect } from "element-plus";
import { download, get } from "../../api.js";
import { count, percent } from "../../format.js";
import { html } from "../../html.js";
import { Chart } from "../../parts/chart.js";
import { useAction } from "../../parts/failure.js";
import { Filters, asked } from "../../parts/filters.js";
import { Loaded } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { askedPeriod, Period } from "../../parts/period.js";
import { Rate, Rates, say } from "../../parts/rates.js";
import { State } from "../../parts/state.js";
import { Table } from "../../parts/table.js";
import { link, refine, route } from "../../router.js";

const FIELDS = [
  { key: "division", name: "行政区划", kind: "division" },
  { key: "domain", name: "领域", kind: "domain" },
];
// What may be compared, and whether more of it is worse.
const RATES = {
  on_time: ["按时回复率"], reply: ["回复率"], completion: ["办结率"], satisfaction: ["满意率"], solution: ["解决率"], return: ["退件率", true],
};
const COUNTS = { overdue: ["超期"], returns: ["退回"], extensions: ["延期"], urges: ["督办"], reopenings: ["重办"] };
const MOST_BARS = 20;

const columns = () => [
  { key: "name", name: "责任单位", nowrap: true, cell: (line) => html`<a href=${link("/ledgers", { department: line.key })}>${line.name}</a>` },
  { key: "due", name: "到期件", right: true, cell: (line) => count(line.counts.due) },
  ...Object.entries(RATES).map(([key, [name]]) => ({ key, name, cell: (line) => html`<${Rate} of=${key} rate=${line.rates[key]} />` })),
  ...Object.entries(COUNTS).map(([key, [name]]) => ({ key, name, right: true, cell: (line) => html`<span class=${key === "overdue" && line.counts.overdue ? "tone-danger" : ""}>${count(line.counts[key])}</span>` })),
];

export const Departments = {
  setup() {
    const query = () => ({ ...asked(FIELDS), ...askedPeriod(), by: "department", by_deadline: true });
    const load = useLoad((signal) => get("/v1/statistics", query(), { signal }), () => JSON.stringify(query()));
    const book = useAction(() => download("/v1/statistics.xlsx", query()));
    const chosen = () => (RATES[route.query.by] ? route.query.by : "on_time");
    return () => html`<div>
      <${Filters} fields=${FIELDS}>
        <${Period} />
        <div class="field"><span>按什么排列</span><${ElSelect} ariaLabel="按什么排列" modelValue=${chosen()} onChange=${(by) => refine({ by }, { replace: true })}>
          ${Object.entries(RATES).map(([key, [name]]) => html`<${ElOption} key=${key} value=${key} label=${name} />`)}
        </></div>
        <${ElButton} loading=${book.busy} onClick=${book.run}>导出 Excel</>
      </>
      <p class="hint before">按办理时限算：此间到期的件，办得早晚都算一次。排在前面的最该看；没有分母的不排。</p>
      <${Loaded} load=${load}>${() => body(sorted(load.data.groups, chosen()), load.data.total, chosen())}</>
    </div>`;
  },
};

// The worst first; where nothing can be divided comes last.
function sorted(groups, key) {
  const worse = RATES[key][1] ? -1 : 1;
  const worth = ({ rates }) => (rates[key].denominator ? worse * rates[key].value : Infinity);
  return [...groups].sort((one, other) => worth(one) - worth(other) || other.counts.due - one.counts.due);
}

function body(groups, total, key) {
  if (!groups.length) return html`<div class="panel"><${State} kind="empty" title="这段时间没有到期件" text="换一个时段试试。" /></div>`;
  const shown = groups.filter((one) => one.rates[key].denominator).slice(0, MOST_BARS);
  const name = RATES[key][0];
  return html`
    ${shown.length > 0 && html`<section class="panel"><div class="panel-head"><h2>${name}</h2><span class="muted">合计 ${percent(total.rates[key].value, 1)}（${count(total.rates[key].numerator)}/${count(total.rates[key].denominator)}）${shown.length < groups.length ? `，图中 ${shown.length} 个单位` : ""}</span></div>
      <${Chart} label=${`各单位${name}：${shown.map((one) => say(key, { ...one.rates[key], name: one.name })).join("；")}`} picture=${`各单位${name}`} height=${`${Math.max(140, 30 + 24 * shown.length)}px`} option=${chart(shown, total, key)} /></section>`}
    <${Rates}><div class="table-box"><div class="table-scroll whole" tabindex="0" role="region" aria-label="各单位比较">
      <${Table} lines=${[...groups, { ...total, key: "", name: "合计" }]} columns=${columns()} rowKey=${(line) => line.key || "total"} />
    </div></div></>`;
}

const chart = (groups, total, key) => (colours) => ({
  grid: { left: 8, right: 100, top: 8, bottom: 4, containLabel: true },
  tooltip: { formatter: ({ dataIndex }) => say(key, { ...groups[dataIndex].rates[key], name: groups[dataIndex].name }) },
  xAxis: { type: "value", max: 1, axisLabel: { formatter: (value) => percent(value) } },
  yAxis: { type: "category", inverse: true, data: groups.map((one) => one.name) },
  series: [{
    type: "bar", barMaxWidth: 15, data: groups.map((one) => one.rates[key].value), itemStyle: { color: colours.accent },
    label: { show: true, position: "right", color: colours.soft, formatter: ({ dataIndex, value }) => `${percent(value, 1)} ${groups[dataIndex].rates[key].numerator}/${groups[dataIndex].rates[key].denominator}` },
    markLine: total.rates[key].denominator ? { symbol: "none", silent: true, label: { show: false }, lineStyle: { color: colours.warn, type: "dashed" }, data: [{ xAxis: total.rates[key].value }] } : undefined,
  }],
});
