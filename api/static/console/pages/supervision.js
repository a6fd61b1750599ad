// 督查: what the rules found, what is overdue, how departments compare, how well they answer, who asks
// for more time.

import { html } from "../html.js";
import { Frame } from "../parts/frame.js";
import { chosen, Tabs } from "../parts/tabs.js";
import { Departments } from "./supervision/departments.js";
import { Extensions } from "./supervision/extensions.js";
import { Findings } from "./supervision/findings.js";
import { Overdue } from "./supervision/overdue.js";
import { Replies } from "./supervision/replies.js";

const HELP = `系统每天清早按规则查一遍台账，把值得看一看的事实列为监督事项，不下结论；确认、排除还是督办，由您定。确认和督办的才给承办单位看，也才进通报。
“超期”勾选几条一起督办；“单位比较”每个比率连同分子分母，指着看是怎样算的；“回告质量”看谁的回告敷衍、雷同；“延期申请”批或不批。`;
const TABS = [["findings", "监督事项"], ["overdue", "超期"], ["departments", "单位比较"], ["replies", "回告质量"], ["extensions", "延期申请"]];
const PARTS = { findings: Findings, overdue: Overdue, departments: Departments, replies: Replies, extensions: Extensions };

export default {
  setup() {
    return () => html`<${Frame} help=${HELP}>
      <${Tabs} tabs=${TABS} />
      <${PARTS[chosen(TABS)]} />
    </>`;
  },
};
