// 修改密码: one's own; all other places where one was signed in are signed out.

import { ElButton, ElForm, ElFormItem, ElInput } from "element-plus";
import { reactive } from "vue";
import { post } from "../api.js";
import { bind, html } from "../html.js";
import { explain, told } from "../parts/failure.js";
import { Frame } from "../parts/frame.js";
import { go } from "../router.js";
import { enter, session } from "../session.js";
import { PASSWORD_RULE } from "./signin.js";

const HELP = "改自己的密码。改好后，您在其他电脑上的登录都会退出，本页保持登录。";

export default {
  setup() {
    const form = reactive({ old: "", password: "", repeated: "", failure: "", busy: false });
    async function submit(event) {
      event.preventDefault();
      form.failure = form.password === form.repeated ? "" : "两次输入的新密码不一样，请重新输入";
      if (form.failure) return;
      form.busy = true;
      try {
        enter(await post("/v1/me/password", { old: form.old, password: form.password }));
        told("密码已经改好");
        go("/");
      } catch (error) {
        form.failure = explain(error);
      }
      form.busy = false;
    }
    const field = (key, name, autocomplete, hint) => html`<${ElFormItem} label=${name} for=${key}>
      <${ElInput} id=${key} type="password" showPassword autocomplete=${autocomplete} ...${bind(form, key)} />${hint && html`<span class="hint">${hint}</span>`}
    </>`;
    return () => html`<${Frame} help=${HELP}><div class="panel narrow">
      ${form.failure && html`<p class="note bad" role="alert">${form.failure}</p>`}
      <${ElForm} labelPosition="top" onSubmit=${submit}>
        <input type="text" hidden autocomplete="username" value=${session.me.who} readonly />
        ${field("old", "原密码", "current-password")}
        ${field("password", "新密码", "new-password", PASSWORD_RULE)}
        ${field("repeated", "再输一次新密码", "new-password")}
        <${ElButton} type="primary" nativeType="submit" loading=${form.busy}>修改密码</>
      </>
    </div></>`;
  },
};
