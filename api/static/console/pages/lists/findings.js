// 监督清单: facts that should be looked at, with what they rest on; a supervisor decides.

import { day, tag } from "../../format.js";
import { html } from "../../html.js";
import { FINDING_STATES, URGENCIES } from "../../names.js";
import { useLoad } from "../../parts/load.js";
import { loadWords } from "../../reference.js";
import { link } from "../../router.js";
import { may } from "../../session.js";
import { evidence, subject } from "../supervision/evidence.js";
import { OneList } from "./list.js";

const HELP = "监督清单：系统按规则查到、须看一看的事实和依据，不是结论。督查员确认、排除或转为督办；承办单位只看到已确认、已督办的。";
const TONES = { open: "wait", confirmed: "warn", dismissed: "calm", urged: "danger", settled: "calm" };
const address = (line) => (may("decide_findings") ? link("/supervision", { finding: line.id }) : line.entry_id && link(`/entries/${line.entry_id}`));
const COLUMNS = [
  { key: "rule", name: "监督事项", cell: (line) => html`<span class="rule">${line.rule_name}</span>` },
  { key: "title", name: "对象", link: true, cell: (line) => html`<span class="about-cell">${line.title || subject(line) || line.department_name || "—"}</span>` },
  { key: "evidence", name: "依据", wide: true, cell: (line) => evidence(line) },
  { key: "department", name: "责任单位", nowrap: true, cell: (line) => line.department_name ?? "—" },
  { key: "found", name: "发现", nowrap: true, cell: (line) => day(line.found_at) },
  { key: "seen", name: "最近查到", nowrap: true, cell: (line) => day(line.seen_at) },
  { key: "state", name: "状态", nowrap: true, cell: (line) => tag(line.state_name, TONES[line.state]) },
  { key: "decided", name: "处理意见", cell: (line) => html`<span class="about-cell">${line.decided_note || "—"}</span>` },
];

export const FindingList = {
  props: ["choice"],
  setup(props) {
    const words = useLoad(loadWords);
    const fields = () => [
      { key: "state", name: "状态", kind: "select", options: FINDING_STATES },
      { key: "rule", name: "监督事项", kind: "select", options: words.data.enumerations.finding_rules.map((one) => [one.code, one.name]) },
      { key: "department", name: "责任单位", kind: "department" },
      { key: "urgency", name: "紧急程度", kind: "select", options: URGENCIES },
      { key: "domain", name: "领域", kind: "domain" },
      { key: "days", name: "发现日期", kind: "days" },
    ];
    return () => words.data && html`<${OneList} name="supervision" title="监督清单" help=${HELP} fields=${fields()} columns=${COLUMNS} hidden=${["seen"]} rowKey=${(line) => line.id} open=${address}
      choice=${props.choice} empty=${{ title: "没有监督事项", text: may("decide_findings") ? "每天清早自动查一遍；也可以在“督查”里现在就查。" : "督查员确认或督办的事项列在这里。" }} />`;
  },
};
