// The problems by heat, with how they went in the last weeks.

import { get } from "../../api.js";
import { count, day, tag } from "../../format.js";
import { html } from "../../html.js";
import { Filters, asked } from "../../parts/filters.js";
import { useLoad } from "../../parts/load.js";
import { Spark, lastWeeks } from "../../parts/spark.js";
import { PagedTable, usePaged } from "../../parts/table.js";
import { loadDepartmentNames } from "../../reference.js";
import { link, route } from "../../router.js";

const WEEKS = 13;
const STATES = { open: "存在", dismissed: "不是共性问题", merged: "已并入其他问题", empty: "已不足两件" };
const SIZES = [3, 5, 10, 20, 50].map((size) => [String(size), `至少 ${size} 件`]);

const fields = (themes) => [
  { key: "q", name: "名称里的字", kind: "text" },
  { key: "theme", name: "主题", kind: "select", options: themes },
  { key: "division", name: "行政区划", kind: "division" },
  { key: "domain", name: "领域", kind: "domain" },
  { key: "department", name: "主办单位", kind: "department" },
  { key: "size", name: "件数", kind: "select", options: SIZES },
  { key: "state", name: "状态", kind: "select", options: STATES, usual: "open" },
];

export const Hottest = {
  setup() {
    const themes = useLoad(async (signal) => (await get("/v1/themes", {}, { signal })).themes.map((one) => [one.key, one.name]));
    const departments = useLoad(loadDepartmentNames);
    const list = usePaged((query, signal) => get("/v1/problems", query, { signal }), () => asked(fields([])));
    const columns = () => [
      { key: "name", name: "问题", link: true, wide: true, cell: (line) => html`${line.name}<span class="excerpt">${line.theme_name}${line.named_by ? " · 人工定名" : ""}</span>` },
      { key: "heat", name: "热度", nowrap: true, cell: (line) => html`<${Heat} problem=${line} />` },
      { key: "trend", name: `近 ${WEEKS} 周`, cell: (line) => html`<${Spark} counts=${lastWeeks(line.weeks, WEEKS)} label=${`近 ${WEEKS} 周每周收到`} />` },
      { key: "size", name: "来件", right: true, nowrap: true, cell: (line) => `${count(line.size)} 件` },
      { key: "reporters", name: "反映人", right: true, nowrap: true, cell: (line) => `${count(line.reporters)} 人` },
      { key: "divisions", name: "区划", cell: (line) => several(line.divisions, list.load.data.divisions) },
      { key: "departments", name: "主办单位", cell: (line) => several(line.departments, departments.data ?? {}) },
      { key: "last", name: "最近一次", nowrap: true, cell: (line) => day(line.last_seen) },
      ...(route.query.state && route.query.state !== "open" ? [{ key: "state", name: "状态", nowrap: true, cell: (line) => tag(line.state_name) }] : []),
    ];
    return () => html`<div>
      <${Filters} fields=${fields(themes.data ?? [])} />
      <${PagedTable} list=${list} columns=${columns()} open=${(line) => link(`/problems/${line.id}`)} label="共性问题"
        empty=${{ title: "没有符合条件的共性问题", text: "换一个条件试试；两件以上来件说同一件事，才成为共性问题。" }} />
    </div>`;
  },
};

// The figure and a bar; the parts on hover.
export const Heat = ({ problem }) => {
  const says = problem.heat_parts.map((part) => `${PART_NAMES[part.name] ?? part.name} ${part.points}（${part.says}）`).join("，");
  return html`<span class="heat" title=${says}><b class="number">${problem.heat.toFixed(1)}</b><span class="track" role="img" aria-label=${`热度 ${problem.heat.toFixed(1)}，满分 100`}><span style=${{ width: `${problem.heat}%` }}></span></span></span>`;
};
Heat.props = ["problem"];

export const PART_NAMES = { reporters: "反映人数", urgency: "紧急程度", growth: "增长", likes: "点赞", recency: "冷却" };

// "芙蓉区、天心区等 4 处": the codes with most members first, by name.
export function several(counts, names, most = 2) {
  const codes = Object.keys(counts).sort((one, other) => counts[other] - counts[one]);
  if (!codes.length) return "—";
  const says = codes.slice(0, most).map((code) => names[code] ?? code).join("、");
  return html`<span title=${codes.map((code) => `${names[code] ?? code} ${counts[code]} 件`).join("，")}>${says}${codes.length > most ? ` 等 ${codes.length} 个` : ""}</span>`;
}
