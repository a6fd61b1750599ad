// The supervision list: confirm, dismiss with a reason, or turn into an urging; one by one or several.

import { ElButton } from "element-plus";
import { reactive } from "vue";
import { download, get, post } from "../../api.js";
import { count, day, tag, time } from "../../format.js";
import { html } from "../../html.js";
import { FINDING_STATES, actorName } from "../../names.js";
import { askReason } from "../../parts/dialogs.js";
import { attempt, explain, told, useAction } from "../../parts/failure.js";
import { Filters, asked } from "../../parts/filters.js";
import { Loaded } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { PagedTable, usePaged } from "../../parts/table.js";
import { loadDepartmentNames, loadWords } from "../../reference.js";
import { link, refine, route } from "../../router.js";
import { evidence, subject } from "./evidence.js";
import { Urging } from "./urging.js";

const TONES = { open: "wait", confirmed: "warn", dismissed: "calm", urged: "danger", settled: "calm" };
const DONE = { confirmed: "已确认", dismissed: "已排除", urged: "已督办" };

const fields = (rules) => [
  { key: "state", name: "状态", kind: "select", options: { ...FINDING_STATES, all: "全部" }, usual: "open" },
  { key: "rule", name: "种类", kind: "select", options: rules },
  { key: "department", name: "责任单位", kind: "department" },
  { key: "days", name: "查到的日期", kind: "days" },
];

function wanted() {
  const query = asked(fields([]));
  return { ...query, state: query.state === "all" ? undefined : query.state };
}

export const Findings = {
  setup() {
    const rules = useLoad(async () => (await loadWords()).enumerations.finding_rules.map((one) => [one.code, one.name]));
    const list = usePaged((query, signal) => get("/v1/lists/supervision", query, { signal }), wanted);
    const one = useLoad(async (signal) => {
      const id = route.query.finding;
      if (!id) return null;
      const [finding, names] = await Promise.all([get(`/v1/findings/${id}`, {}, { signal }), loadDepartmentNames()]);
      return { ...finding, title: "", department_name: names[finding.department] ?? null };
    }, () => route.query.finding);
    const state = reactive({ urging: null, busy: false });

    // Each by itself, since others may have decided on some meanwhile; what failed is told.
    async function decide(lines, verdict, said) {
      if (state.busy) return;
      state.busy = true;
      const failures = [];
      for (const line of lines) {
        await post(`/v1/findings/${line.id}/decision`, { verdict, ...said }).catch((error) => failures.push(error));
      }
      await attempt(async () => {
        await list.load.reload();
        if (route.query.finding) await one.reload();
        if (failures.length) {
          failures[0].message = lines.length > 1 ? `${failures.length} 项没有办成：${explain(failures[0])}` : explain(failures[0]);
          throw failures[0];
        }
        told(lines.length > 1 ? `${DONE[verdict]} ${lines.length} 项` : DONE[verdict]);
        state.urging = null;
      });
      state.busy = false;
    }
    const ask = {
      confirmed: async (lines) => {
        const note = await askReason(`确认${several(lines)}`, { text: "确认属实的给承办单位看，也进通报。可以附说明。", required: false, yes: "确认属实" });
        if (note !== null) await decide(lines, "confirmed", { note });
      },
      dismissed: async (lines) => {
        const note = await askReason(`排除${several(lines)}`, { text: "排除后不会再冒出来。请写明理由。", yes: "排除" });
        if (note !== null) await decide(lines, "dismissed", { note });
      },
      urged: (lines) => { state.urging = lines; },
    };
    const run = useAction(async () => {
      const found = await post("/v1/findings:run");
      told(`查过了：新的 ${count(found.new)} 项，已知的 ${count(found.known)} 项${found.settled ? `，自行了结 ${count(found.settled)} 项` : ""}`);
      await list.load.reload();
    });
    const book = useAction(() => download("/v1/lists/supervision.xlsx", wanted()));
    const bulk = (lines) => {
      const open = lines.filter((line) => line.state === "open");
      return html`<${ElButton} size="small" disabled=${!open.length} onClick=${() => ask.confirmed(open)}>确认</>
        <${ElButton} size="small" disabled=${!open.length} onClick=${() => ask.dismissed(open)}>排除</>
        <${ElButton} size="small" disabled=${!open.some((line) => line.entry_id)} onClick=${() => ask.urged(open.filter((line) => line.entry_id))}>督办</>`;
    };
    return () => html`<div>
      ${route.query.finding && html`<${Loaded} load=${one}>${() => one.data && html`<section class="panel">
        <div class="panel-head"><h2>监督事项 ${one.data.id}</h2>${tag(one.data.state_name, TONES[one.data.state])}<span class="grow"></span><${ElButton} size="small" onClick=${() => refine({ finding: "" })}>收起</></div>
        <dl class="facts"><dt>种类</dt><dd>${one.data.rule_name}</dd><dt>查到什么</dt><dd>${evidence(one.data)}</dd><dt>涉及</dt><dd>${about(one.data)}</dd><dt>单位</dt><dd>${one.data.department_name ?? "—"}</dd><dt>查到</dt><dd class="number">${time(one.data.found_at)}</dd>
          ${one.data.decided_at && [html`<dt>处理</dt>`, html`<dd>${decided(one.data)}</dd>`]}</dl>
        <div class="buttons">${buttons(one.data, ask, state)}</div>
      </section>`}</>`}
      <${Filters} fields=${fields(rules.data ?? [])}>
        <${ElButton} loading=${run.busy} onClick=${run.run}>现在查一遍</>
        <${ElButton} loading=${book.busy} onClick=${book.run}>导出 Excel</>
      </>
      <${PagedTable} list=${list} columns=${columns(ask, state)} choose bulk=${bulk} label="监督事项"
        empty=${route.query.rule || route.query.department || route.query.since ? { title: "没有符合条件的监督事项", text: "换一个条件试试。" } : { title: "没有待处理的监督事项", text: "每天清早自动查一遍；也可以现在查一遍。" }} />
      ${state.urging && html`<${Urging} about=${several(state.urging)} busy=${state.busy} onSay=${(said) => decide(state.urging, "urged", said)} onClose=${() => { state.urging = null; }} />`}
    </div>`;
  },
};

const several = (lines) => (lines.length > 1 ? ` ${lines.length} 项` : "");

const columns = (ask, state) => [
  { key: "rule", name: "种类", cell: (line) => html`<b class="rule">${line.rule_name}</b>` },
  { key: "evidence", name: "查到什么", wide: true, cell: (line) => html`<span>${evidence(line)}</span>` },
  { key: "about", name: "涉及", cell: (line) => html`<span class="about-cell">${about(line)}</span>` },
  { key: "department", name: "责任单位", nowrap: true, cell: (line) => line.department_name ?? "—" },
  { key: "found", name: "查到", nowrap: true, cell: (line) => html`<span title=${time(line.found_at)}>${day(line.found_at)}</span>` },
  { key: "state", name: "处理", nowrap: true, cell: (line) => html`<div>${tag(line.state_name, TONES[line.state])}${line.decided_at && html`<div class="muted decided">${decided(line)}</div>`}<div class="buttons decide">${buttons(line, ask, state)}</div></div>` },
];

function about(line) {
  if (line.entry_id) return html`<a href=${link(`/entries/${line.entry_id}`)}>${line.title || `条目 ${line.entry_id}`}</a>`;
  return subject(line) ?? "—";
}

const decided = (line) => `${line.decided_by_name ?? actorName(line.decided_by)}，${time(line.decided_at)}${line.decided_note ? `：${line.decided_note}` : ""}`;

const buttons = (line, ask, state) => [
  line.state === "open" && html`<${ElButton} size="small" disabled=${state.busy} onClick=${() => ask.confirmed([line])}>确认</>`,
  line.state === "open" && html`<${ElButton} size="small" disabled=${state.busy} onClick=${() => ask.dismissed([line])}>排除</>`,
  ["open", "confirmed"].includes(line.state) && line.entry_id && html`<${ElButton} size="small" disabled=${state.busy} onClick=${() => ask.urged([line])}>督办</>`,
];
