// 推送: which systems are told of events, what waits, what did not arrive, and sending it again.

import { ElButton, ElForm, ElFormItem, ElInput, ElOption, ElOptionGroup, ElSelect } from "element-plus";
import { reactive } from "vue";
import { get, patch, post } from "../../api.js";
import { count, tag, time } from "../../format.js";
import { bind, html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";
import { confirm } from "../../parts/dialogs.js";
import { attempt, told, useAction } from "../../parts/failure.js";
import { Frame } from "../../parts/frame.js";
import { useLoad, useRepeat } from "../../parts/load.js";
import { Once } from "../../parts/once.js";
import { DepartmentPicker } from "../../parts/pickers.js";
import { State } from "../../parts/state.js";
import { loadDepartmentNames, loadWords } from "../../reference.js";
import { refine, route } from "../../router.js";
import { Deliveries } from "./webhooks/deliveries.js";

const HELP = `台账有了变化，推送给别的系统（业务系统、指挥大屏）。一个系统一个推送地址，只给它要的事件；限定单位的，只推该单位及下属单位的。检举控告从不推送。
消息带签名，接收方用签名密钥核对；密钥只显示一次，丢了就换一个。
对方没有答复的会再试，约三天；仍不成的列为“没有送到”，对方修好后在这里重新发送，用原来的编号，不会重复办理。`;

export default {
  setup() {
    const file = useLoad(async (signal) => {
      const [lines, departments, words] = await Promise.all([get("/v1/webhooks", {}, { signal }), loadDepartmentNames(), loadWords()]);
      const names = Object.fromEntries([...words.enumerations.audit_events, ...words.enumerations.events].map((one) => [one.code, one.name]));
      names["webhook.trial"] = "试验消息";
      return { lines, departments, names, kinds: words.enumerations.events };
    });
    useRepeat(file.reload, 30_000);
    const form = reactive({ shown: false, id: null, name: "", url: "", kinds: [], department: "" });
    const secret = reactive({ text: "" });

    const open = (webhook) => Object.assign(form, { shown: true, id: webhook?.id ?? null, name: webhook?.name ?? "", url: webhook?.url ?? "https://", kinds: [...webhook?.kinds ?? ["entry.*"]], department: "" });
    const save = useAction(async () => {
      const { id, name, url, kinds, department } = form;
      if (id) {
        await patch(`/v1/webhooks/${id}`, { name, url, kinds });
        told("已经保存");
      } else secret.text = (await post("/v1/webhooks", { name, url, kinds, department: department || null })).secret;
      form.shown = false;
      await file.reload();
    });
    const act = useAction(async (step, done) => {
      await step();
      told(done);
      await file.reload();
    });
    const turn = async (webhook) => {
      if (webhook.active && !await confirm("停用后不再写入新消息，已有的留着不发；停用期间的变化不会补发。", `停用“${webhook.name}”`, { yes: "停用", danger: true })) return;
      await act.run(() => patch(`/v1/webhooks/${webhook.id}`, { active: !webhook.active }), webhook.active ? "已经停用" : "已经启用");
    };
    const renew = async (webhook) => {
      if (await confirm("旧的签名密钥立即不再使用，接收方要同时换上新的。", `换“${webhook.name}”的签名密钥`, { yes: "换" })) await attempt(async () => { secret.text = (await post(`/v1/webhooks/${webhook.id}/secret`)).secret; });
    };
    const chosen = () => file.data.lines.find((line) => String(line.webhook.id) === route.query.webhook) ?? file.data.lines.find((line) => line.dead) ?? file.data.lines[0];

    const card = (line) => {
      const { webhook } = line;
      const names = webhook.kinds.map((kind) => file.data.names[kind] ?? kind);
      const here = webhook.id === chosen().webhook.id;
      return html`<section key=${webhook.id} class=${{ panel: true, chosen: here }} aria-label=${webhook.name}>
        <div class="panel-head"><h2>${webhook.name}</h2>${webhook.active ? tag("在用", "good") : tag("已停用")}<span class="grow"></span>${!here && html`<button type="button" class="plain about" onClick=${() => refine({ webhook: webhook.id, state: "", cursor: "" })}>看消息</button>`}</div>
        <dl class="facts"><dt>地址</dt><dd><code>${webhook.url}</code></dd>
          <dt>事件</dt><dd>${names.slice(0, 6).join("、")}${names.length > 6 ? ` 等 ${names.length} 种` : ""}</dd>
          <dt>单位</dt><dd>${webhook.department ? file.data.departments[webhook.department] ?? webhook.department : "不限"}</dd>
          <dt>等待发出</dt><dd class="number">${count(line.waiting)} 条${line.waiting_since ? html`<span class="muted">，最早 ${time(line.waiting_since)}${line.last_error ? `，上次：${line.last_error}` : ""}</span>` : ""}</dd>
          <dt>没有送到</dt><dd class=${{ number: true, "tone-danger": line.dead > 0 }}>${count(line.dead)} 条</dd></dl>
        <div class="buttons above-gap">
          ${line.dead > 0 && html`<${ElButton} size="small" type="primary" disabled=${act.busy} onClick=${() => act.run(() => post(`/v1/webhooks/${webhook.id}/resend`), `${count(line.dead)} 条重新发送`)}>全部重新发送</>`}
          <${ElButton} size="small" disabled=${act.busy} onClick=${() => act.run(() => post(`/v1/webhooks/${webhook.id}/trial`), "试验消息已经写入，稍后看结果")}>发试验消息</>
          <${ElButton} size="small" onClick=${() => open(webhook)}>改</>
          <${ElButton} size="small" onClick=${() => renew(webhook)}>换签名密钥</>
          <${ElButton} size="small" onClick=${() => turn(webhook)}>${webhook.active ? "停用" : "启用"}</>
        </div>
      </section>`;
    };
    const dialog = () => html`<${Dialog} shown=${form.shown} onClose=${() => { form.shown = false; }} title=${form.id ? "改推送地址" : "新建推送地址"}>
      <${ElForm} labelPosition="top">
        <${ElFormItem} label="名称，写明哪个系统在收" for="name"><${ElInput} id="name" maxlength="100" placeholder="如：住建局工单系统" ...${bind(form, "name")} /></>
        <${ElFormItem} label="地址" for="url"><${ElInput} id="url" maxlength="1000" ...${bind(form, "url")} /><span class="hint">http 或 https 开头</span></>
        <${ElFormItem} label="事件" for="kinds"><${ElSelect} id="kinds" multiple filterable ariaLabel="事件" noMatchText="没有符合的" ...${bind(form, "kinds")}>
          ${GROUPS.map(([name, holds]) => html`<${ElOptionGroup} key=${name} label=${name}>${file.data.kinds.filter(({ code }) => holds(code)).map((kind) => html`<${ElOption} key=${kind.code} value=${kind.code} label=${kind.name} />`)}</>`)}</></>
        ${!form.id && html`<${ElFormItem} label="限于责任单位" for="department"><${DepartmentPicker} id="department" label="限于责任单位" placeholder="不填为不限" ...${bind(form, "department")} /><span class="hint">以后不能改</span></>`}
        <${ElButton} type="primary" loading=${save.busy} disabled=${!form.name.trim() || !form.kinds.length} onClick=${save.run}>${form.id ? "保存" : "新建"}</>
      </>
    </>`;
    const body = () => html`<div>
      ${file.data.lines.length ? html`<div class="columns">${file.data.lines.map(card)}</div><${Deliveries} key=${chosen().webhook.id} webhook=${chosen().webhook} names=${file.data.names} onSent=${file.reload} />`
        : html`<div class="panel"><${State} kind="empty" title="还没有推送地址" text="别的系统要知道台账的变化时，给它建一个。" /></div>`}
      ${dialog()}
      <${Once} shown=${secret.text} title="签名密钥" name="密钥" onDone=${() => { secret.text = ""; }}>请交给接收方，用来核对消息是不是本系统发的。</>
    </div>`;
    return () => html`<${Frame} help=${HELP} load=${file} actions=${() => file.data && html`<${ElButton} type="primary" onClick=${() => open(null)}>新建推送地址</>`}>${body}</>`;
  },
};

const isWhole = (code) => code.endsWith("*");
const GROUPS = [
  ["整类", isWhole],
  ["台账", (code) => code.startsWith("entry.") && !isWhole(code)],
  ["认定", (code) => code.startsWith("decision.") && !isWhole(code)],
];
