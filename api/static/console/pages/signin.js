// 登录: by password, by the town's identity provider, or for the first time by a one-time link.

import { reactive } from "vue";
import { get, post } from "../api.js";
import { bind, html } from "../html.js";
import { explain } from "../parts/failure.js";
import { useLoad } from "../parts/load.js";
import { Button, Field } from "../parts/plain.js";
import { State } from "../parts/state.js";
import { go } from "../router.js";
import { comeBack, enter, expectSession, session, signIn } from "../session.js";

export const PASSWORD_RULE = "10 到 128 个字符，含大写字母、小写字母、数字、其他字符中的三种，或至少 16 个字符";

export default {
  props: ["arrived"],
  setup({ arrived }) {
    return () => (arrived?.secret ? html`<${Invitation} secret=${arrived.secret} />` : html`<${SignIn} refused=${arrived?.refused} />`);
  },
};

// A form whose button works once and whose failure stands above it, where a screen reader hears it.
function useForm(send, refused = "") {
  const form = reactive({ busy: false, failure: refused, submit });
  async function submit(event) {
    event?.preventDefault();
    form.busy = true;
    form.failure = "";
    try {
      await send();
    } catch (error) {
      form.failure = explain(error);
    }
    form.busy = false;
  }
  return form;
}

const SignIn = {
  props: ["refused"],
  setup({ refused }) {
    const told = reactive({ login: "", password: "" });
    const provider = useLoad((signal) => get("/v1/oidc", {}, { signal }));
    const form = useForm(async () => {
      await signIn(told.login, told.password);
      comeBack();
    }, refused);
    const submit = (event) => {
      event.preventDefault();
      if (!told.login.trim() || !told.password) form.failure = "请填写登录名和密码";
      else form.submit();
    };
    return () => html`<div class="gate"><div class="panel">
      <h1>登录民声分诊</h1>
      <p class="sub">群众来件的登记、交办、办理与督查</p>
      ${session.me && html`<p class="note">您已以“${session.me.name}”登录。<a href="#/">进入工作台</a></p>`}
      ${form.failure && html`<p class="note bad" role="alert">${form.failure}</p>`}
      <form class="el-form--label-top" onSubmit=${submit}>
        <${Field} id="login" label="登录名" autofocus autocomplete="username" spellcheck="false" autocapitalize="none" ...${bind(told, "login")} />
        <${Field} id="password" label="密码" type="password" autocomplete="current-password" ...${bind(told, "password")} />
        <${Button} type="primary" submit busy=${form.busy}>登录</>
      </form>
      ${provider.data?.available && html`<p class="foot"><a href="/v1/oidc/start" onClick=${expectSession}>用统一身份登录</a></p>`}
      <p class="foot">忘记密码请找管理员重发邀请链接。反映人查询办理情况，请到<a href="#/citizen">公众查询</a>。</p>
    </div></div>`;
  },
};

const Invitation = {
  props: ["secret"],
  setup({ secret }) {
    const told = reactive({ login: "", name: "", password: "", repeated: "" });
    const invited = useLoad(async () => {
      const found = await post("/v1/invitations:read", { token: secret });
      told.login = found.login ?? "";
      told.name = found.name ?? "";
      return found;
    });
    const form = useForm(async () => {
      const { login, name, password } = told;
      enter(await post("/v1/invitations:accept", { token: secret, login, name, password }));
      go("/");
      location.reload(); // the link has done its work: nothing of it stays in this page
    });
    const submit = (event) => {
      event.preventDefault();
      if (told.password === told.repeated) form.submit();
      else form.failure = "两次输入的密码不一样，请重新输入";
    };
    return () => html`<div class="gate"><div class="panel">${content(invited, told, form, submit)}</div></div>`;
  },
};

function content(invited, told, form, submit) {
  if (invited.error) return html`<${State} kind="failed" title="这个链接不能用" text=${explain(invited.error)}><${Button} onClick=${() => location.reload()}>去登录</></>`;
  if (!invited.data) return html`<${State} kind="loading" />`;
  const { first } = invited.data;
  return html`<h1>${first ? "建立首位管理员" : `${invited.data.name}，请设置密码`}</h1>
    <p class="sub">${first ? "首位管理员用来开通其他人的账号；登录名以后不能再改。" : "设好后直接进入工作台；这个链接只能用一次。"}</p>
    ${form.failure && html`<p class="note bad" role="alert">${form.failure}</p>`}
    <form class="el-form--label-top" onSubmit=${submit}>
      <${Field} id="new-login" label="登录名" disabled=${!first} autocomplete="username" spellcheck="false" autocapitalize="none" ...${bind(told, "login")} />
      <${Field} id="new-name" label="姓名" disabled=${!first} autocomplete="name" ...${bind(told, "name")} />
      <${Field} id="new-password" label="密码" type="password" autocomplete="new-password" hint=${PASSWORD_RULE} ...${bind(told, "password")} />
      <${Field} id="repeated" label="再输一次" type="password" autocomplete="new-password" ...${bind(told, "repeated")} />
      <${Button} type="primary" submit busy=${form.busy}>设置并登录</>
    </form>`;
}
