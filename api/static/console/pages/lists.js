// 四张清单: problems, tasks, effects and findings, each with its filters, for print and for work.

import { html } from "../html.js";
import { link, route } from "../router.js";
import { EffectList } from "./lists/effects.js";
import { FindingList } from "./lists/findings.js";
import { ProblemList } from "./lists/problems.js";
import { TaskList } from "./lists/tasks.js";

const LISTS = { problems: ["问题清单", ProblemList], tasks: ["任务清单", TaskList], effects: ["效果清单", EffectList], supervision: ["监督清单", FindingList] };
const chosen = () => (Object.hasOwn(LISTS, route.query.list ?? "") ? route.query.list : "problems");

// The four stand beside each other as links: each has its own conditions.
const Choice = () => html`<nav class="tabs no-print" aria-label="四张清单">${Object.entries(LISTS).map(([key, [name]]) => html`<a key=${key} href=${link("/lists", { list: key })} aria-current=${key === chosen() ? "page" : null}>${name}</a>`)}</nav>`;

export default {
  setup() {
    return () => {
      const key = chosen();
      return html`<${LISTS[key][1]} key=${key} choice=${() => html`<${Choice} />`} />`;
    };
  },
};
