// Who asks for more time: what for, how long, granted or refused with a reason.

import { ElButton, ElDialog } from "element-plus";
import { reactive } from "vue";
import { get, post } from "../../api.js";
import { time, until, urgencyTag } from "../../format.js";
import { html } from "../../html.js";
import { actorName } from "../../names.js";
import { askReason } from "../../parts/dialogs.js";
import { attempt, told } from "../../parts/failure.js";
import { useLoad } from "../../parts/load.js";
import { PagedTable, usePaged } from "../../parts/table.js";
import { loadWords } from "../../reference.js";
import { link } from "../../router.js";
import { may } from "../../session.js";

export const Extensions = {
  setup() {
    const list = usePaged((query, signal) => get("/v1/ledger", query, { signal }), () => ({ standing: "asking", order: "oldest" }), { key: (line) => line.entry.id });
    const units = useLoad(async () => Object.fromEntries((await loadWords()).enumerations.units.map((one) => [one.code, one.name])));
    const state = reactive({ file: null, busy: false });

    const look = (line) => attempt(async () => { state.file = await get(`/v1/entries/${line.entry.id}`); });
    async function rule(command, said, done) {
      if (state.busy) return;
      state.busy = true;
      const { entry } = state.file;
      const reread = async () => { state.file = await get(`/v1/entries/${entry.id}`); };
      await attempt(async () => {
        await post(`/v1/entries/${entry.id}/${command}`, { version: entry.version, ...said });
        told(done);
        state.file = null;
        await list.load.reload();
      }, { reload: reread });
      state.busy = false;
    }
    const grant = async () => {
      const note = await askReason("批准延期", { text: "时限随之顺延。可以附说明。", required: false, yes: "批准" });
      if (note !== null) await rule("grant-extension", { note }, "已批准延期");
    };
    const refuse = async () => {
      const note = await askReason("不批延期", { text: "时限不变。请写明理由。", yes: "不批" });
      if (note !== null) await rule("refuse-extension", { note }, "没有批准延期");
    };
    const columns = [
      { key: "title", name: "来件", link: true, wide: true, cell: (line) => html`${line.title || "（无标题）"}<span class="excerpt">${line.excerpt}</span>` },
      { key: "urgency", name: "紧急", nowrap: true, cell: (line) => urgencyTag(line.entry.urgency) },
      { key: "department", name: "责任单位", nowrap: true, cell: (line) => line.department_name },
      { key: "deadline", name: "时限", nowrap: true, cell: (line) => time(line.entry.deadline_at) },
      { key: "left", name: "还剩", nowrap: true, cell: (line) => (line.entry.deadline_at ? until(line.entry.deadline_at) : "—") },
      { key: "before", name: "批过", right: true, nowrap: true, cell: (line) => `${line.entry.extensions} 次` },
      { key: "rule", name: "办理", nowrap: true, cell: (line) => html`<${ElButton} size="small" onClick=${() => look(line)}>看申请</>` },
    ];
    const dialog = () => {
      const asked = state.file.extensions.find((one) => one.granted === null);
      return html`<${ElDialog} modelValue title="延期申请" onUpdate:modelValue=${() => { state.file = null; }}>
        ${!asked ? html`<p>这条申请已经有人办过。</p>` : html`<div>
          <dl class="facts">
            <dt>条目</dt><dd><a href=${link(`/entries/${state.file.entry.id}`)}>${state.file.submissions[0]?.title || `条目 ${state.file.entry.id}`}</a></dd>
            <dt>申请</dt><dd>延期 ${asked.amount} ${units.data?.[asked.unit] ?? ""}</dd>
            <dt>理由</dt><dd class="letter">${asked.reason || "—"}</dd>
            <dt>申请人</dt><dd>${actorName(asked.who, state.file.people)}，<span class="number">${time(asked.at)}</span></dd>
            <dt>现在的时限</dt><dd class="number">${time(state.file.entry.deadline_at)}，${until(state.file.entry.deadline_at)}</dd>
            <dt>此前</dt><dd>批过 ${state.file.entry.extensions} 次</dd>
          </dl>
          ${may("rule_extension") && html`<div class="buttons foot"><${ElButton} type="primary" loading=${state.busy} onClick=${grant}>批准</><${ElButton} loading=${state.busy} onClick=${refuse}>不批</></div>`}
        </div>`}
      </>`;
    };
    return () => html`<div>
      <${PagedTable} list=${list} columns=${columns} open=${(line) => link(`/entries/${line.entry.id}`)} label="延期申请" empty=${{ title: "没有等着批的延期申请", text: "承办单位申请延期后会列在这里，先申请的在前。" }} />
      ${state.file && dialog()}
    </div>`;
  },
};
