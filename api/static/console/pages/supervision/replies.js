// How well departments answer: what the assessment of each reply says on average, what reporters say
// of it, and the replies that the rules found wanting.

import { ElButton } from "element-plus";
import { download, get } from "../../api.js";
import { count, day, tag, time } from "../../format.js";
import { html } from "../../html.js";
import { useAction } from "../../parts/failure.js";
import { Filters, asked } from "../../parts/filters.js";
import { Loaded } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { askedPeriod, Period } from "../../parts/period.js";
import { Rate, Rates } from "../../parts/rates.js";
import { State } from "../../parts/state.js";
import { Table } from "../../parts/table.js";
import { link } from "../../router.js";
import { evidence } from "./evidence.js";

const FIELDS = [
  { key: "department", name: "责任单位", kind: "department" },
  { key: "domain", name: "领域", kind: "domain" },
];
const MARKS = { relevance: "针对性", completeness: "完整性", grounds: "依据", action: "措施" };
const RULES = ["empty_reply", "copied_reply", "disputed"];
const FEW = 20; // of each rule, the newest

export const Replies = {
  setup() {
    const query = () => ({ ...asked(FIELDS), ...askedPeriod() });
    const load = useLoad(async (signal) => {
      const by = { ...query(), by: "department" };
      const [writing, work, ...found] = await Promise.all([
        get("/v1/statistics/replies", by, { signal }),
        get("/v1/statistics", by, { signal }),
        ...RULES.map((rule) => get("/v1/lists/supervision", { ...query(), rule, limit: FEW }, { signal })),
      ]);
      return { lines: join(writing, work), total: { ...writing.total, rates: work.total.rates }, found: found.flatMap((page) => page.lines).sort((one, other) => other.id - one.id) };
    }, () => JSON.stringify(query()));
    const book = useAction(() => download("/v1/statistics/replies.xlsx", { ...query(), by: "department" }));
    return () => html`<div>
      <${Filters} fields=${FIELDS}><${Period} /><${ElButton} loading=${book.busy} onClick=${book.run}>导出 Excel</></>
      <${Loaded} load=${load}>${() => body(load.data)}</>
    </div>`;
  },
};

// The perfunctory first; departments that have not replied are left out.
function join(writing, work) {
  const rates = Object.fromEntries(work.groups.map((one) => [one.key, one.rates]));
  const share = ({ perfunctory }) => perfunctory.value ?? -1;
  return writing.groups.map((one) => ({ ...one, rates: rates[one.key] })).sort((one, other) => share(other) - share(one) || other.replies - one.replies);
}

const COLUMNS = [
  { key: "name", name: "责任单位", nowrap: true, cell: (line) => (line.key ? html`<a href=${link("/lists", { list: "effects", department: line.key })}>${line.name}</a>` : line.name) },
  { key: "replies", name: "回告", right: true, nowrap: true, cell: (line) => `${count(line.replies)} 份` },
  { key: "perfunctory", name: "疑似敷衍", cell: (line) => html`<${Rate} of="perfunctory" rate=${line.perfunctory} />` },
  ...Object.entries(MARKS).map(([key, name]) => ({ key, name: `${name}（满分 2）`, right: true, nowrap: true, cell: (line) => html`<${Mark} value=${line.marks[key]} name=${name} />` })),
  { key: "satisfaction", name: "满意率", cell: (line) => line.rates && html`<${Rate} of="satisfaction" rate=${line.rates.satisfaction} />` },
  { key: "solution", name: "解决率", cell: (line) => line.rates && html`<${Rate} of="solution" rate=${line.rates.solution} />` },
];
const TONES = { open: "wait", confirmed: "warn", dismissed: "calm", urged: "danger", settled: "calm" };
const FOUND = [
  { key: "rule", name: "种类", cell: (line) => html`<b class="rule">${line.rule_name}</b>` },
  { key: "evidence", name: "查到什么", wide: true, cell: (line) => html`<span>${evidence(line)}</span>` },
  { key: "about", name: "来件", cell: (line) => html`<a class="about-cell" href=${link(`/entries/${line.entry_id}`)}>${line.title || `条目 ${line.entry_id}`}</a>` },
  { key: "department", name: "责任单位", nowrap: true, cell: (line) => line.department_name ?? "—" },
  { key: "found", name: "查到", nowrap: true, cell: (line) => html`<span title=${time(line.found_at)}>${day(line.found_at)}</span>` },
  { key: "state", name: "处理", nowrap: true, cell: (line) => html`<a href=${link("/supervision", { finding: line.id })}>${tag(line.state_name, TONES[line.state])}</a>` },
];

const Mark = ({ value, name }) => (value === null ? html`<span class="muted">—</span>` : html`<span class="mark-bar" aria-label=${`${name} ${value.toFixed(2)} 分，满分 2`} role="img"><span class="track"><span style=${{ width: `${50 * value}%` }}></span></span><span class="number">${value.toFixed(2)}</span></span>`);
Mark.props = ["value", "name"];

function body({ lines, total, found }) {
  if (!total.replies) return html`<div class="panel"><${State} kind="empty" title="这段时间交办的还没有回告" text="换一个时段或条件试试。" /></div>`;
  return html`
    <${Rates}><section class="table-box" aria-label="各单位回告质量">
      <div class="table-foot top-foot"><b>各单位回告质量</b><span class="muted">系统对照来件评估，只供参考；指着比率看是怎样算的</span></div>
      <div class="table-scroll whole" tabindex="0" role="region" aria-label="各单位回告质量"><${Table} lines=${[...lines, { ...total, key: "", name: "合计" }]} columns=${COLUMNS} rowKey=${(line) => line.key || "total"} /></div>
    </section></>
    <section class="table-box after-table" aria-label="查到的回告">
      <div class="table-foot top-foot"><b>敷衍、雷同、称已解决而反映人说未解决的</b><span class="muted">各列最近 ${FEW} 份，按查到的日期选；在“监督事项”里处理</span></div>
      ${found.length ? html`<div class="table-scroll whole" tabindex="0" role="region" aria-label="查到的回告"><${Table} lines=${found} columns=${FOUND} /></div>` : html`<${State} kind="empty" title="没有查到" text="每天清早自动查一遍。" />`}
    </section>`;
}
