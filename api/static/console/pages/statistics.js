// 统计: how many came, how they were worked, how long it took, how well they were sent; as charts that
// can be saved and tables that can be taken along.

import { ElOption, ElSelect, ElSwitch } from "element-plus";
import { get } from "../api.js";
import { time } from "../format.js";
import { html } from "../html.js";
import { CHANNELS, URGENCIES } from "../names.js";
import { Filters, asked } from "../parts/filters.js";
import { Frame, Loaded } from "../parts/frame.js";
import { useLoad } from "../parts/load.js";
import { askedPeriod, Period } from "../parts/period.js";
import { State } from "../parts/state.js";
import { chosen, Tabs } from "../parts/tabs.js";
import { refine, route } from "../router.js";
import { Course } from "./statistics/course.js";
import { Dispatch } from "./statistics/dispatch.js";
import { Hours } from "./statistics/hours.js";
import { Work } from "./statistics/work.js";

const HELP = `比率一律连同分子、分母；指着比率看是怎样算的。没有分母就没有比率。检举控告不进任何统计；承办人只统计本单位和下属单位。
时段缺省按首次交办的时间算；“按到期算”则看此间到期的件。每张图可以存为图片，每张表可以导出 Excel。`;
const TABS = [["work", "件数与比率"], ["course", "走势"], ["hours", "各环节用时"], ["dispatch", "派单准确率"]];
const PARTS = { work: Work, course: Course, hours: Hours, dispatch: Dispatch };
const PATHS = { work: "/v1/statistics", course: "/v1/statistics", hours: "/v1/statistics/hours", dispatch: "/v1/statistics/dispatch" };

const GROUPS = { department: "责任单位", division: "行政区划", domain: "领域", urgency: "紧急程度", nature: "诉求性质", channel: "渠道" };
const STEPS = { day: "每日", week: "每周", month: "每月" };
const FIELDS = [
  { key: "department", name: "责任单位", kind: "department" },
  { key: "division", name: "行政区划", kind: "division" },
  { key: "domain", name: "领域", kind: "domain" },
  { key: "urgency", name: "紧急程度", kind: "select", options: URGENCIES },
  { key: "channel", name: "渠道", kind: "select", options: CHANNELS.map((one) => [one, one]) },
];
const LEVELS = { 1: "一级", 2: "二级", 3: "三级" };

// What is grouped by, of those that fit the tab.
function grouping() {
  const [choice, usual] = chosen(TABS) === "course" ? [STEPS, "week"] : [GROUPS, "department"];
  return { choice, by: choice[route.query.by] ? route.query.by : usual };
}

function query() {
  const { by } = grouping();
  return { ...asked(FIELDS), ...askedPeriod(), by, level: by === "domain" ? route.query.level : undefined, by_deadline: route.query.by_deadline };
}

export default {
  setup() {
    // The tab stands with what was read for it, so that one never draws the other's figures.
    const load = useLoad(async (signal) => {
      const tab = chosen(TABS);
      const wanted = query();
      return { tab, table: await get(PATHS[tab], wanted, { signal }), book: { path: `${PATHS[tab]}.xlsx`, query: wanted } };
    }, () => JSON.stringify([chosen(TABS), query()]));
    return () => html`<${Frame} help=${HELP}>
      <${Tabs} tabs=${TABS} />
      <${Filters} fields=${FIELDS}>
        <${Choice} name=${chosen(TABS) === "course" ? "每隔" : "按什么分"} options=${grouping().choice} value=${grouping().by} onPick=${(by) => refine({ by }, { replace: true })} />
        ${grouping().by === "domain" && html`<${Choice} name="分到第几级" options=${LEVELS} value=${route.query.level ?? "1"} onPick=${(level) => refine({ level }, { replace: true })} />`}
        <div class="field"><span>时段算法</span><${ElSwitch} modelValue=${route.query.by_deadline === "true"} activeText="按到期算" aria-label="按到期算" onChange=${(on) => refine({ by_deadline: on ? "true" : "" }, { replace: true })} /></div>
        <${Period} />
      </>
      <${Loaded} load=${load}>${() => (load.data.tab !== chosen(TABS) ? html`<${State} kind="loading" />` : html`<div>
        <${PARTS[load.data.tab]} table=${load.data.table} book=${load.data.book} name=${{ ...GROUPS, ...STEPS }[load.data.table.by]} />
        <p class="hint as-of">统计到 <span class="number">${time(load.data.table.as_of)}</span></p>
      </div>`)}</>
    </>`;
  },
};

const Choice = ({ name, options, value }, { emit }) => html`<div class="field"><span>${name}</span><${ElSelect} ariaLabel=${name} modelValue=${value} onChange=${(picked) => emit("pick", picked)}>
  ${Object.entries(options).map(([key, word]) => html`<${ElOption} key=${key} value=${key} label=${word} />`)}
</></div>`;
Choice.props = ["name", "options", "value"];
Choice.emits = ["pick"];
