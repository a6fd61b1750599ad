// The session is over while a page is open: the password is asked for over that page, and what stands
// on it and was not saved yet stays.

import { ElButton, ElDialog, ElInput } from "element-plus";
import { reactive } from "vue";
import { bind, html } from "../html.js";
import { leaveForSignIn, session, signInAgain } from "../session.js";
import { explain } from "./failure.js";

export const SignInAgain = {
  setup() {
    const form = reactive({ password: "", failure: "", busy: false });
    async function submit(event) {
      event.preventDefault();
      form.busy = true;
      form.failure = await signInAgain(form.password).then(() => "", explain);
      form.busy = false;
    }
    return () => html`<${ElDialog} modelValue title=${session.other ? "这个浏览器换了人登录" : "登录已经过期"} showClose=${false} closeOnClickModal=${false} closeOnPressEscape=${false} appendToBody width="360px">
      <form onSubmit=${submit}>
        <p>${session.other && `${session.other}在另一个窗口登录了，刚才的一步没有办。`}${session.me.name}，请再输一次密码。本页没有保存的内容还在。</p>
        ${form.failure && html`<p class="note bad" role="alert">${form.failure}</p>`}
        <${ElInput} type="password" aria-label="密码" autocomplete="current-password" autofocus class="again" ...${bind(form, "password")} />
        <div class="buttons"><${ElButton} type="primary" nativeType="submit" loading=${form.busy}>登录</><${ElButton} onClick=${leaveForSignIn}>换人登录</></div>
      </form>
    </>`;
  },
};
