// 接口密钥: what other systems call with; each is shown once, when it is made.

import { ElButton, ElCheckbox, ElCheckboxGroup, ElForm, ElFormItem, ElInput } from "element-plus";
import { reactive } from "vue";
import { get, post, remove } from "../../api.js";
import { tag, time } from "../../format.js";
import { bind, html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";
import { confirm } from "../../parts/dialogs.js";
import { attempt, told, useAction } from "../../parts/failure.js";
import { Frame } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { Once } from "../../parts/once.js";
import { DepartmentPicker } from "../../parts/pickers.js";
import { State } from "../../parts/state.js";
import { Table } from "../../parts/table.js";
import { loadDepartmentNames, loadWords } from "../../reference.js";
import { may } from "../../session.js";

const HELP = `别的系统凭密钥报送来件、读取台账。一个系统一个密钥，只给它要用的权限；限定责任单位的，只碰得到该单位及下属单位的台账。
密钥只在新建时显示一次，系统不保存原文；丢了就吊销，另建一个。吊销后一秒内失效，不能恢复。
能看检举控告的密钥，只有纪检员能建。`;

export default {
  setup() {
    const keys = useLoad(async (signal) => {
      const [lines, departments, words] = await Promise.all([get("/v1/keys", {}, { signal }), loadDepartmentNames(), loadWords()]);
      return { lines, departments, scopes: words.enumerations.scopes };
    });
    const form = reactive({ shown: false, name: "", scopes: [], department: "", secret: "" });
    const allowed = (scope) => may(scope.code === "discipline" ? "manage_discipline" : "manage_keys");

    const open = () => Object.assign(form, { shown: true, name: "", scopes: [], department: "" });
    const create = useAction(async () => {
      const made = await post("/v1/keys", { name: form.name.trim(), scopes: form.scopes, department: form.department || null });
      Object.assign(form, { shown: false, secret: made.secret });
      await keys.reload();
    });
    const revoke = async (key) => {
      if (await confirm(`吊销“${key.name}”后，用它的系统一秒内就连不上了，不能恢复。`, "吊销密钥", { danger: true, yes: "吊销" })) {
        await attempt(async () => {
          await remove(`/v1/keys/${key.id}`);
          told("已经吊销");
          await keys.reload();
        });
      }
    };
    const columns = () => [
      { key: "name", name: "名称", cell: (key) => html`<b>${key.name}</b>` },
      { key: "prefix", name: "开头", nowrap: true, cell: (key) => html`<code>${key.prefix}…</code>` },
      { key: "scopes", name: "权限", cell: (key) => html`<span class="buttons">${key.scopes.map((scope) => tag(keys.data.scopes.find((one) => one.code === scope)?.name ?? scope, scope === "discipline" ? "danger" : "work"))}</span>` },
      { key: "department", name: "限于单位", cell: (key) => (key.department ? keys.data.departments[key.department] ?? key.department : "不限") },
      { key: "created", name: "新建", nowrap: true, cell: (key) => html`<span class="number">${time(key.created_at)}</span>` },
      { key: "used", name: "最近使用", nowrap: true, cell: (key) => (key.last_used_at ? html`<span class="number">${time(key.last_used_at)}</span>` : "没有用过") },
      { key: "state", name: "状态", nowrap: true, cell: (key) => (key.revoked_at ? html`<span title=${time(key.revoked_at)}>${tag("已吊销")}</span>` : tag("在用", "good")) },
      { key: "act", name: "操作", nowrap: true, cell: (key) => !key.revoked_at && html`<${ElButton} size="small" onClick=${() => revoke(key)}>吊销</>` },
    ];
    const dialog = () => html`<${Dialog} shown=${form.shown} onClose=${() => { form.shown = false; }} title="新建密钥">
      <${ElForm} labelPosition="top">
        <${ElFormItem} label="名称，写明哪个系统在用" for="name"><${ElInput} id="name" maxlength="100" placeholder="如：12345 热线系统" ...${bind(form, "name")} /></>
        <${ElFormItem} label="权限"><${ElCheckboxGroup} class="choices" ariaLabel="权限" ...${bind(form, "scopes")}>${keys.data.scopes.filter(allowed).map((scope) => html`<${ElCheckbox} key=${scope.code} value=${scope.code}>${scope.name}</>`)}</></>
        <${ElFormItem} label="限于责任单位" for="department"><${DepartmentPicker} id="department" label="限于责任单位" placeholder="不填为不限" ...${bind(form, "department")} /></>
        <${ElButton} type="primary" loading=${create.busy} disabled=${!form.name.trim() || !form.scopes.length} onClick=${create.run}>新建</>
      </>
    </>`;
    return () => html`<${Frame} help=${HELP} load=${keys} actions=${() => keys.data && html`<${ElButton} type="primary" onClick=${open}>新建密钥</>`}>${() => html`<div>
      ${keys.data.lines.length ? html`<div class="table-box"><div class="table-scroll whole"><${Table} lines=${keys.data.lines} columns=${columns()} /></div></div>`
        : html`<div class="panel"><${State} kind="empty" title="还没有密钥" text="别的系统要报送来件、读取台账时，给它建一个。" /></div>`}
      ${dialog()}
      <${Once} shown=${form.secret} title="新的密钥" name="密钥" onDone=${() => { form.secret = ""; }}>请存进要用它的系统。</>
    </div>`}</>`;
  },
};
