// Signing in, and setting a password by a one-time link. The link's token stands behind the #, so
// it never reaches a log; it is taken off the address at once.

import { show } from "./dom.js";

const byId = (id) => document.getElementById(id);
const views = ["sign-in", "invitation", "signed-in"];
let token = "";
let csrf = "";

async function ask(path, { method = "GET", body } = {}) {
  const headers = csrf ? { "X-CSRF-Token": csrf } : {};
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Error("连不上服务，请检查网络或稍后再试");
  }
  const said = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const error = new Error(said.detail || "服务没有正常答复，请稍后再试");
  error.status = answer.status;
  throw error;
}

async function attempt(step) {
  try {
    show("failure", false);
    await step();
  } catch (error) {
    byId("failure").textContent = error.message;
    show("failure", true);
  }
}

function view(name) {
  for (const other of views) show(other, other === name);
}

function greet(me) {
  csrf = me.csrf;
  sessionStorage.setItem("csrf", csrf); // the console in this tab goes on with it
  byId("greeting").textContent = `${me.name}，您已登录`;
  byId("role").textContent = me.role_name;
  view("signed-in");
}

async function openInvitation() {
  const invited = await ask("/v1/invitations:read", { method: "POST", body: { token } });
  byId("invitation-title").textContent = invited.first ? "建立首位管理员" : `${invited.name}，请设置密码`;
  byId("new-login").value = invited.login ?? "";
  byId("new-name").value = invited.name ?? "";
  byId("new-login").readOnly = byId("new-name").readOnly = !invited.first;
  view("invitation");
}

async function acceptInvitation() {
  const password = byId("new-password").value;
  if (password !== byId("repeated").value) throw new Error("两次输入的密码不一样，请重新输入");
  const body = { token, password, login: byId("new-login").value, name: byId("new-name").value };
  greet(await ask("/v1/invitations:accept", { method: "POST", body }));
}

async function signIn() {
  const body = { login: byId("login").value, password: byId("password").value };
  greet(await ask("/v1/session", { method: "POST", body }));
}

async function signOut() {
  await ask("/v1/session", { method: "DELETE" });
  csrf = "";
  sessionStorage.removeItem("csrf");
  await open();
}

async function open() {
  const { available } = await ask("/v1/oidc");
  show("provider", available);
  try {
    greet(await ask("/v1/me"));
  } catch (error) {
    if (error.status !== 401) throw error;
    view("sign-in");
    byId("login").focus();
  }
}

function on(id, event, step) {
  byId(id).addEventListener(event, (happened) => {
    happened.preventDefault();
    attempt(step);
  });
}

on("sign-in-form", "submit", signIn);
on("invitation-form", "submit", acceptInvitation);
on("sign-out", "click", signOut);
const invited = location.hash.match(/^#invitation=([\w-]+)$/);
const refused = location.hash.match(/^#refused=(.+)$/);
history.replaceState(null, "", location.pathname);
if (invited) {
  token = invited[1];
  attempt(openInvitation);
} else {
  attempt(async () => {
    await open();
    if (refused) throw new Error(decodeURIComponent(refused[1]));
  });
}
