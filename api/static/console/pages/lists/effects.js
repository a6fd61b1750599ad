// 效果清单: what replies and tasks have changed, and what those who reported say of it.

import { count, day, rate, stateTag, tag } from "../../format.js";
import { html } from "../../html.js";
import { OUTCOMES, STATES, URGENCIES } from "../../names.js";
import { link } from "../../router.js";
import { OneList } from "./list.js";

const HELP = "效果清单：每条台账最近的回告、每项任务的效果，有什么佐证，反映人怎么看。几人评价、几人说已解决，分子分母都在。";
const FIELDS = [
  { key: "state", name: "条目状态", kind: "select", options: STATES },
  { key: "department", name: "责任单位", kind: "department" },
  { key: "urgency", name: "紧急程度", kind: "select", options: URGENCIES },
  { key: "domain", name: "领域", kind: "domain" },
  { key: "division", name: "行政区划", kind: "division" },
  { key: "days", name: "回告日期", kind: "days" },
];
const TONES = { solved: "good", explained: "work", not_supported: "warn" };
const COLUMNS = [
  { key: "kind", name: "类别", nowrap: true, cell: (line) => (line.kind === "task" ? "任务" : "回告") },
  { key: "title", name: "事项和效果", wide: true, link: true, cell: (line) => html`${line.title || "（无标题）"}<span class="excerpt">${line.text}</span>` },
  { key: "department", name: "责任单位", nowrap: true, cell: (line) => line.department_name },
  { key: "at", name: "日期", nowrap: true, cell: (line) => day(line.at) },
  { key: "outcome", name: "办理结果", nowrap: true, cell: (line) => (line.outcome ? tag(OUTCOMES[line.outcome], TONES[line.outcome]) : "—") },
  { key: "reporters", name: "反映", right: true, cell: ({ opinions }) => count(opinions.reporters) },
  { key: "solved", name: "说已解决", right: true, nowrap: true, cell: ({ opinions }) => rate(opinions.solved, opinions.evaluated) },
  { key: "satisfied", name: "满意", right: true, nowrap: true, cell: ({ opinions }) => rate(opinions.satisfied, opinions.evaluated) },
  { key: "evidence", name: "佐证", cell: (line) => line.evidence.join("；") || "—" },
  { key: "state", name: "条目状态", nowrap: true, cell: (line) => (line.state ? stateTag(line.state) : "—") },
  { key: "ground", name: "备注", cell: (line) => line.ground || "—" },
];

export const EffectList = {
  props: ["choice"],
  setup(props) {
    return () => html`<${OneList} name="effects" title="效果清单" help=${HELP} fields=${FIELDS} columns=${COLUMNS} hidden=${["ground", "evidence"]} rowKey=${(line) => `${line.kind}-${line.id}`}
      open=${(line) => link(line.kind === "task" ? `/tasks/${line.about}` : `/entries/${line.about}`)} choice=${props.choice} empty=${{ title: "还没有效果", text: "有了回告，或任务以效果完成，列在这里。" }} />`;
  },
};
