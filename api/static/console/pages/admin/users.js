// 用户: who may sign in, as what; each sets the own password through a link that is shown once.

import { ElButton, ElForm, ElFormItem, ElInput, ElOption, ElSelect } from "element-plus";
import { reactive } from "vue";
import { get, patch, post } from "../../api.js";
import { tag, time } from "../../format.js";
import { bind, html } from "../../html.js";
import { ROLES } from "../../names.js";
import { Dialog } from "../../parts/dialog.js";
import { confirm } from "../../parts/dialogs.js";
import { attempt, told, useAction } from "../../parts/failure.js";
import { asked, Filters } from "../../parts/filters.js";
import { Frame } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { Once } from "../../parts/once.js";
import { DepartmentPicker } from "../../parts/pickers.js";
import { PagedTable, usePaged } from "../../parts/table.js";
import { loadDepartmentNames } from "../../reference.js";
import { may } from "../../session.js";

const HELP = `开通用户、改角色和单位、停用。新用户没有密码：系统给一个一次性链接，请当面或经可信渠道交给本人，由本人设密码。
忘了密码的，重发链接即可，此前的链接随即失效。停用立即退出登录，以后可以再启用。
承办人必须属于一个责任单位，只看得到本单位及下属单位的台账；其他角色填了单位，也只管该单位。
纪检员的账号由纪检员自己管理，管理员动不了。`;
const FIELDS = [
  { key: "role", name: "角色", kind: "select", options: ROLES },
  { key: "department", name: "责任单位", kind: "department" },
  { key: "active", name: "状态", kind: "select", options: { true: "在用", false: "已停用" } },
];

export default {
  setup() {
    const departments = useLoad(loadDepartmentNames);
    const list = usePaged((query, signal) => get("/v1/users", query, { signal }), () => asked(FIELDS));
    const form = reactive({ shown: false, user: null, login: "", name: "", role: "", department: "" });
    const link = reactive({ text: "", who: "", until: "" });
    const roles = () => Object.entries(ROLES).filter(([role]) => may(role === "discipline" ? "manage_discipline" : "manage_users"));
    const manages = (user) => may(user.role === "discipline" ? "manage_discipline" : "manage_users");

    const open = (user) => Object.assign(form, { shown: true, user, login: user?.login ?? "", name: user?.name ?? "", role: user?.role ?? roles()[0][0], department: user?.department ?? "" });
    const showLink = (invitation, name) => Object.assign(link, { text: invitation.link, who: name, until: time(invitation.expires_at) });
    const save = useAction(async () => {
      const { user, login, name, role, department } = form;
      if (user) {
        await patch(`/v1/users/${user.id}`, { name, role, department: department ?? "" });
        told("已经改好");
      } else {
        const made = await post("/v1/users", { login, name, role, department: department || null });
        showLink(made.invitation, made.user.name);
      }
      form.shown = false;
      await list.load.reload();
    });
    const invite = async (user) => {
      const text = user.has_password ? "本人用新链接重设密码；在此之前原密码还能用。此前发出的链接随即失效。" : "此前发出的链接随即失效。";
      if (await confirm(text, `给${user.name}重发链接`, { yes: "重发" })) await attempt(async () => showLink(await post(`/v1/users/${user.id}/invitation`), user.name));
    };
    const turn = async (user) => {
      if (user.active && !await confirm(`停用后${user.name}立即退出登录，不能再进来；办过的都还在，以后可以再启用。`, "停用用户", { danger: true, yes: "停用" })) return;
      await attempt(async () => {
        await patch(`/v1/users/${user.id}`, { active: !user.active });
        told(user.active ? "已经停用" : "已经启用");
        await list.load.reload();
      });
    };
    const columns = [
      { key: "login", name: "登录名", nowrap: true, cell: (user) => html`<b>${user.login}</b>` },
      { key: "name", name: "姓名", nowrap: true, cell: (user) => user.name },
      { key: "role", name: "角色", nowrap: true, cell: (user) => ROLES[user.role] },
      { key: "department", name: "责任单位", cell: (user) => (user.department ? departments.data?.[user.department] ?? user.department : "—") },
      { key: "state", name: "状态", nowrap: true, cell: (user) => (user.active ? user.has_password ? tag("在用", "good") : tag("还没有设密码", "warn") : tag("已停用")) },
      { key: "last", name: "最近登录", nowrap: true, cell: (user) => html`<span class="number">${user.last_login_at ? time(user.last_login_at) : "没有登录过"}</span>` },
      { key: "act", name: "操作", nowrap: true, cell: (user) => manages(user) && html`<span class="buttons">
        <${ElButton} size="small" onClick=${() => open(user)}>改</>
        ${user.active && html`<${ElButton} size="small" onClick=${() => invite(user)}>重发链接</>`}
        <${ElButton} size="small" onClick=${() => turn(user)}>${user.active ? "停用" : "启用"}</>
      </span>` },
    ];
    const dialog = () => html`<${Dialog} shown=${form.shown} onClose=${() => { form.shown = false; }} title=${form.user ? `改用户 ${form.user.login}` : "开通用户"}>
      <${ElForm} labelPosition="top" onSubmit=${(event) => event.preventDefault()}>
        ${!form.user && html`<${ElFormItem} label="登录名" for="login"><${ElInput} id="login" maxlength="64" autocomplete="off" ...${bind(form, "login")} /><span class="hint">2 到 64 个小写字母、数字或 . _ - @；以后不能改</span></>`}
        <${ElFormItem} label="姓名" for="name"><${ElInput} id="name" maxlength="50" ...${bind(form, "name")} /></>
        <${ElFormItem} label="角色" for="role"><${ElSelect} id="role" ariaLabel="用户的角色" ...${bind(form, "role")}>${roles().map(([role, name]) => html`<${ElOption} key=${role} value=${role} label=${name} />`)}</></>
        <${ElFormItem} label=${form.role === "officer" ? "责任单位（必填）" : "责任单位"} for="department"><${DepartmentPicker} id="department" label="责任单位" placeholder=${form.role === "officer" ? "名称或拼音首字母" : "不填为全部单位"} ...${bind(form, "department")} /></>
        <${ElButton} type="primary" loading=${save.busy} disabled=${!form.name.trim() || (!form.user && !form.login.trim())} onClick=${save.run}>${form.user ? "保存" : "开通"}</>
      </>
    </>`;
    return () => html`<${Frame} help=${HELP} actions=${() => html`<${ElButton} type="primary" onClick=${() => open(null)}>开通用户</>`}>
      ${may("manage_users") && html`<${Filters} fields=${FIELDS} />`}
      <${PagedTable} list=${list} columns=${columns} label="用户名录" empty=${{ title: "没有符合条件的用户", text: "换一个条件，或开通一位。" }} />
      ${dialog()}
      <${Once} shown=${link.text} title=${`给${link.who}的链接`} name="链接" onDone=${() => { link.text = ""; }}>请当面或经可信渠道交给本人，${link.until} 前有效，用一次即失效。</>
    </>`;
  },
};
