// 阈值: below which sureness a person looks first, and from where on a rule of supervision speaks.

import { html } from "../../html.js";
import { Frame } from "../../parts/frame.js";
import { chosen, Tabs } from "../../parts/tabs.js";
import { FindingLines } from "./thresholds/findings.js";
import { ReviewLine } from "./thresholds/line.js";

const HELP = `复核线：系统对一级领域的把握低于这条线的，先由人复核；高于它的直接交办。线越高，错派越少，要复核的越多。
曲线给出每条线的两个数：不经复核直接交办的占多少，其中一级领域对的占多少。选一条线，试算一下最近一个月要复核几件，再生效。
监督阈值：各项监督规则从什么程度起提出监督事项。已经提出的不变。`;
const TABS = [["line", "复核线"], ["findings", "监督阈值"]];
const PARTS = { line: ReviewLine, findings: FindingLines };

export default {
  setup() {
    const seen = new Set(); // a part once opened stays, with what was typed in it
    return () => {
      const shown = chosen(TABS);
      seen.add(shown);
      return html`<${Frame} help=${HELP}><${Tabs} tabs=${TABS} />${TABS.filter(([key]) => seen.has(key)).map(([key]) => html`<div key=${key} hidden=${key !== shown}><${PARTS[key]} /></div>`)}</>`;
    };
  },
};
