// 操作日志: who did what and when; and whether nobody has tampered with it.

import { ElButton, ElDialog, ElForm, ElFormItem, ElInput } from "element-plus";
import { reactive } from "vue";
import { get } from "../../api.js";
import { count, time } from "../../format.js";
import { bind, html } from "../../html.js";
import { actorName } from "../../names.js";
import { useAction } from "../../parts/failure.js";
import { asked, Filters } from "../../parts/filters.js";
import { Frame } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { PagedTable, usePaged } from "../../parts/table.js";
import { loadDepartmentNames, loadWords } from "../../reference.js";
import { link, refine } from "../../router.js";
import { may } from "../../session.js";
import { tellPayload } from "./audit/payload.js";

const HELP = `谁、何时、做了什么：登录、查看、经办、改设置，逐条记下，只增不改。日志里没有来件文字和个人信息；检举控告的不列在这里。
每一条都由哈希连着前一条，删改一条，其后就接不上。“核对”从头算一遍，指出第一处断开的地方；把核对得到的编号和哈希抄在别处，下次填上一起核对，连整段截去也看得出。`;

// What events of a kind begin with, for those who look for all of them.
const TOPICS = {
  submission: "来件", submitter: "查看反映人信息", decision: "认定", entry: "台账", list: "导出清单", task: "任务", finding: "监督事项",
  problem: "共性问题", repeat: "重复来件", import: "批量导入", user: "用户", session: "登录", key: "接口密钥", webhook: "推送", deadlines: "时限设置",
  holiday: "节假日", findings: "监督阈值", departments: "单位目录", catalogue: "派单目录", review_line: "复核线", model: "模型",
};
export default {
  setup() {
    const words = useLoad(async () => {
      const [{ enumerations }, departments] = await Promise.all([loadWords(), loadDepartmentNames()]);
      const names = (codes) => Object.fromEntries(codes.map((one) => [one.code, one.name]));
      return {
        kinds: enumerations.audit_events, departments, events: names([...enumerations.events, ...enumerations.audit_events]),
        scopes: names(enumerations.scopes), rules: names(enumerations.finding_rules), fields: names(enumerations.fields),
      };
    });
    const fields = () => [
      { key: "kind", name: "事件", kind: "select", options: [...Object.entries(TOPICS).map(([code, name]) => [code, `${name}（全部）`]), ...words.data.kinds.filter((one) => !one.code.startsWith("accusation.")).map((one) => [one.code, `${TOPICS[one.code.split(".")[0]] ?? ""}：${one.name}`])] },
      { key: "actor", name: "谁", kind: "text", hint: "登录名，回车" },
      { key: "submission", name: "来件编号", kind: "text" },
      { key: "entry", name: "条目编号", kind: "text" },
      { key: "days", name: "时间", kind: "days" },
    ];
    return () => html`<${Frame} help=${HELP} load=${words} actions=${() => html`<${Verify} />`}>${() => html`<${Log} fields=${fields()} words=${words.data} />`}</>`;
  },
};

const Log = {
  props: ["fields", "words"],
  setup(props) {
    const list = usePaged((query, signal) => get("/v1/audit", query, { signal }), () => asked(props.fields));
    const only = (key, value, text) => html`<button type="button" class="plain about" title="只看这个" onClick=${() => refine({ [key]: value, cursor: "" })}>${text}</button>`;
    const columns = [
      { key: "id", name: "编号", right: true, nowrap: true, cell: (event) => event.id },
      { key: "at", name: "时间", nowrap: true, cell: (event) => html`<span class="number">${time(event.at)}</span>` },
      { key: "actor", name: "谁", nowrap: true, cell: (event) => only("actor", event.actor, event.actor_name ?? actorName(event.actor)) },
      { key: "kind", name: "事件", nowrap: true, cell: (event) => only("kind", event.kind, props.words.events[event.kind] ?? event.kind) },
      { key: "submission", name: "来件", nowrap: true, cell: (event) => event.submission_id && (may("read") ? html`<a href=${link(`/submissions/${encodeURIComponent(event.submission_id)}`)}>${event.submission_id}</a>` : only("submission", event.submission_id, event.submission_id)) },
      { key: "entry", name: "条目", nowrap: true, cell: (event) => event.entry_id && (may("read") ? html`<a href=${link(`/entries/${event.entry_id}`)}>${event.entry_id}</a>` : only("entry", event.entry_id, event.entry_id)) },
      { key: "payload", name: "有关的", wide: true, cell: (event) => tellPayload(event.payload, props.words) },
      { key: "hash", name: "哈希", nowrap: true, cell: (event) => html`<code title=${event.hash}>${event.hash.slice(0, 8)}</code>` },
    ];
    return () => html`<${Filters} fields=${props.fields} /><${PagedTable} list=${list} columns=${columns} label="操作日志" empty=${{ title: "没有这样的事件", text: "换一个条件试试。" }} />`;
  },
};

const Verify = {
  setup() {
    const form = reactive({ shown: false, id: "", hash: "", answer: null });
    const run = useAction(async () => {
      form.answer = null;
      form.answer = await get("/v1/audit/verification", { anchor_id: form.id.trim(), anchor_hash: form.hash.trim() });
    });
    const result = ({ sound, last_id: id, last_hash: hash, broken_id: broken, broken_at: at, reason }) => (broken || reason
      ? html`<p class="note bad" role="alert">断开了：${broken ? `第 ${broken} 条${at ? `（${time(at)}）` : ""}` : ""}${reason}。在它之前的 ${count(sound)} 条完好。请立即保全数据库和备份，并告诉督查员。</p>`
      : html`<div role="status"><p class="note good">完好：从头到尾 ${count(sound)} 条都连得上。</p><p class="muted">请把下面的编号和哈希抄在别处，下次核对时填上。</p><code class="code-once">${id}　${hash}</code></div>`);
    return () => html`<span><${ElButton} onClick=${() => { form.shown = true; }}>核对</>
      <${ElDialog} modelValue=${form.shown} onUpdate:modelValue=${(shown) => { form.shown = shown; }} title="核对操作日志" appendToBody>
        <${ElForm} labelPosition="top">
          <p class="above">从头算一遍哈希链；日志长的要等一会儿。上次抄录的，填上更稳妥，也可不填。</p>
          <${ElFormItem} label="上次抄录的编号" for="anchor"><${ElInput} id="anchor" inputmode="numeric" ...${bind(form, "id")} /></>
          <${ElFormItem} label="上次抄录的哈希" for="hash"><${ElInput} id="hash" maxlength="64" ...${bind(form, "hash")} /></>
          <${ElButton} type="primary" loading=${run.busy} onClick=${run.run}>核对</>
        </>
        ${form.answer && html`<div class="above-gap">${result(form.answer)}</div>`}
      </></span>`;
  },
};
