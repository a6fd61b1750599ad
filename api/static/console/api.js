// The one client of the HTTP API: the session's cookie goes along by itself, the token against forged
// requests stands here. Every failure is an ApiError with a Chinese sentence that says what to do.

import { reactive } from "vue";

export class ApiError extends Error {
  constructor(message, { status = 0, code = "", field = null, retryAfter = null } = {}) {
    super(message);
    Object.assign(this, { status, code, field, retryAfter });
  }
}

// `lost`: the last request got no answer; the shell tells so until one does, which is asked for by itself.
export const line = reactive({ lost: false });
const LOOK_AGAIN = 5_000; // ms
export const ENDED = "登录已经过期，请再登录一次"; // what the server says of it is for other systems
const hooks = { csrf: "", onSignedOut: () => {}, renew: async () => false };

export function setCsrf(csrf) {
  hooks.csrf = csrf ?? "";
}

export function onSignedOut(step) {
  hooks.onSignedOut = step;
}

// `step` resolves to whether there is a new token: the same person has signed in again in another tab.
export function onRefused(step) {
  hooks.renew = step;
}

export const isAborted = (error) => error?.name === "AbortError";

export const get = (path, query, options) => ask("GET", path, { query, ...options });
export const post = (path, body, options) => ask("POST", path, { body: body ?? {}, ...options });
export const put = (path, body, options) => ask("PUT", path, { body, ...options });
export const patch = (path, body, options) => ask("PATCH", path, { body, ...options });
export const remove = (path, options) => ask("DELETE", path, options);

// One request; what it answers, decoded. `signal` aborts it, `headers` are added. Raises ApiError.
export async function ask(method, path, options = {}) {
  const answer = await send(method, path, options);
  if (answer.status === 204) return null;
  return answer.json();
}

// Save what the server makes (Excel, Word, …) under the name that it gives. Raises ApiError.
export async function download(path, query, { method = "GET", body, name, signal } = {}) {
  const answer = await send(method, path, { query, body, signal });
  save(await answer.blob(), name ?? nameOf(answer) ?? "下载");
}

// Hand the user a file that was made here.
export function save(blob, name) {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
}

// A file as the API takes it: base64 without the head of a data URL.
export async function encodeFile(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let told = "";
  for (let at = 0; at < bytes.length; at += 0x8000) told += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(told);
}

// All lines of a paged list, page after page, at most `most` of them.
export async function getAll(path, query = {}, { most = 2_000, signal } = {}) {
  const lines = [];
  let cursor = null;
  do {
    const page = await get(path, { limit: 200, ...query, cursor }, { signal });
    lines.push(...page.lines);
    cursor = page.next;
  } while (cursor && lines.length < most);
  return lines;
}

async function send(method, path, options = {}) {
  const answer = await sendOnce(method, path, options);
  if (answer.ok) return answer;
  const error = await refusal(answer, path);
  if (answer.status !== 403 || !hooks.csrf || !await hooks.renew()) throw error;
  const second = await sendOnce(method, path, options);
  if (!second.ok) throw await refusal(second, path);
  return second;
}

async function sendOnce(method, path, { query, body, signal, headers = {} }) {
  const told = { Accept: "application/json", ...headers };
  if (method !== "GET" && hooks.csrf) told["X-CSRF-Token"] = hooks.csrf;
  if (body !== undefined) told["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path + spell(query), { method, headers: told, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (isAborted(error)) throw error;
    lose();
    throw new ApiError(method === "GET" ? "连不上服务，请检查网络；恢复后自动再读" : "连不上服务，可能没有办成；请检查网络后再试，填写的内容还在本页", { code: "lost" });
  }
  find();
  return answer;
}

function lose() {
  if (!line.lost) setTimeout(lookAgain, LOOK_AGAIN);
  line.lost = true;
}

// What could not be read meanwhile is read now (see useLoad).
function find() {
  if (!line.lost) return;
  line.lost = false;
  dispatchEvent(new Event("line-found"));
}

async function lookAgain() {
  if (!line.lost) return;
  const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
  if (answer) find();
  else setTimeout(lookAgain, LOOK_AGAIN);
}

function spell(query) {
  const kept = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  if (!kept.length) return "";
  return `?${new URLSearchParams(kept.flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((one) => [key, String(one)])))}`;
}

async function refusal(answer, path) {
  const said = await answer.json().catch(() => ({}));
  const ended = answer.status === 401 && path !== "/v1/session" && path !== "/v1/me/password";
  const error = new ApiError(ended ? ENDED : said.detail || "服务没有正常答复，请稍后再试；仍不行请告诉管理员", {
    status: answer.status,
    code: said.error,
    field: said.field ?? null,
    retryAfter: Number(answer.headers.get("Retry-After")) || null,
  });
  if (ended) hooks.onSignedOut();
  return error;
}

function nameOf(answer) {
  const told = answer.headers.get("Content-Disposition") ?? "";
  const coded = told.match(/filename\*=(?:UTF-8|utf-8)''([^;]+)/);
  if (coded) return decodeURIComponent(coded[1]);
  return told.match(/filename="?([^";]+)"?/)?.[1] ?? null;
}
