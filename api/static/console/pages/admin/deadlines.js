// 时限与节假日: which rules count, what they give, and the days on which the town works otherwise.

import { html } from "../../html.js";
import { Frame } from "../../parts/frame.js";
import { chosen, Tabs } from "../../parts/tabs.js";
import { Days } from "./deadlines/days.js";
import { Hours } from "./deadlines/hours.js";
import { Rules } from "./deadlines/rules.js";

const HELP = `办理时限按哪一套规则算、办公时间、提前多久提醒、哪些天放假或上班。
换规则只管以后交办的，在办的不变；录入节假日，在办台账的时限随之重新推算。
换之前可在“规则”里试算：什么样的来件，何时前须签收、退回、办结。`;
const TABS = [["rules", "规则"], ["hours", "办公时间和提醒"], ["days", "节假日"]];
const PARTS = { rules: Rules, hours: Hours, days: Days };

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
