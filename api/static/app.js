// The console: read a letter, look at the ledgers, see what waits for a clerk. No framework, and no
// text of a submission ever becomes markup: everything on the page is made by `make`.

import { makeFile, makeSuggestion } from "./suggestion.js";
import { fill, make, show } from "./dom.js";

const SAMPLES = [
  ["电梯停运", "3栋电梯停运四天", "我家住安平县柳河镇幸福里小区3栋17楼，电梯从周三停到现在，物业说维修基金没批下来。我父亲瘫痪在床，昨天约好的透析也没去成，请尽快派人处理。"],
  ["燃气泄漏", "楼道里燃气味很重", "昨晚起二单元楼道一直有很浓的燃气味，三楼老人已经头晕呕吐。打了燃气公司电话没人接，楼里还有人抽烟，怕要出事。"],
  ["政策咨询", "咨询灵活就业参保", "您好，我是个体户，想问一下灵活就业人员交养老保险，今年的缴费基数是多少，中断两个月能不能补缴？"],
];
const PAUSE = 350; // ms without typing before a letter is read
const byId = (id) => document.getElementById(id);
const views = ["read", "ledgers", "review"];
let names = {};
let reading = null;

function takeKeyFromAddress() {
  const match = location.hash.match(/^#key=([^&]+)/);
  if (!match) return;
  sessionStorage.setItem("key", decodeURIComponent(match[1]));
  history.replaceState(null, "", location.pathname);
}

// A system's key, typed here, or the session of a person who signed in at /account: its cookie goes
// along by itself, and the token against forged requests stands in this tab.
const isSignedIn = () => Boolean(sessionStorage.getItem("key") || sessionStorage.getItem("csrf"));

function forgetCaller() {
  sessionStorage.removeItem("key");
  sessionStorage.removeItem("csrf");
}

async function ask(path, { body, signal } = {}) {
  const key = sessionStorage.getItem("key");
  const headers = key ? { Authorization: `Bearer ${key}` } : { "X-CSRF-Token": sessionStorage.getItem("csrf") };
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method: body ? "POST" : "GET", headers, signal, body: body && JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("连不上服务，请检查网络或稍后再试");
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  if (answer.status === 401) {
    forgetCaller();
    route();
  }
  throw new Error(said.detail || "服务没有正常答复，请稍后再试");
}

// A step of the page that may fail: the failure is told at the top, never swallowed.
async function attempt(step) {
  try {
    await step();
    show("failure", false);
  } catch (error) {
    if (error.name === "AbortError") return;
    byId("failure").textContent = error.message;
    show("failure", true);
  }
}

function route() {
  const signedIn = isSignedIn();
  const [view, detail] = location.hash.slice(1).split("/").map(decodeURIComponent);
  const current = views.includes(view) ? view : "read";
  show("sign-in", !signedIn);
  show("forget-key", signedIn);
  for (const name of views) show(name, signedIn && name === current);
  for (const link of document.querySelectorAll(".bar nav a")) {
    if (signedIn && link.hash === `#${current}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!signedIn) byId("key").focus();
  else if (current === "ledgers") attempt(() => (detail ? openLedger(detail) : openDepartments()));
  else if (current === "review") attempt(openReview);
}

function letter() {
  return { title: byId("title").value, content: byId("content").value, channel: byId("channel").value || null };
}

function readSoon() {
  clearTimeout(readSoon.timer);
  readSoon.timer = setTimeout(() => attempt(readLetter), PAUSE);
}

async function readLetter() {
  reading?.abort();
  const sent = letter();
  const box = byId("suggestion");
  const blank = !sent.title.trim() && !sent.content.trim();
  byId("take-in").disabled = blank;
  show("taken", false);
  if (blank) return fill(box, make("p", { class: "empty" }, "左侧粘贴一件来件，这里显示它的领域、紧急程度和理由、责任单位和为什么派给它。"));
  reading = new AbortController();
  box.classList.add("busy");
  try {
    const suggestion = await ask("/v1/suggest", { body: sent, signal: reading.signal });
    fill(box, ...makeSuggestion(suggestion, sent));
    box.classList.remove("busy");
  } catch (error) {
    if (error.name !== "AbortError") {
      box.classList.remove("busy");
      fill(box, make("p", { class: "empty" }, "没有读成，请按上方提示处理后重试。"));
    }
    throw error;
  }
}

async function takeIn() {
  const id = `console-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
  byId("take-in").disabled = true;
  try {
    const taken = await ask("/v1/submissions", { body: { id, ...letter() } });
    const where = {
      ledger: () => `已送入“${taken.suggestion.department.lead}”台账，编号 ${id}。`,
      review: () => `已入库，在“待复核”中等经办人认定，编号 ${id}。`,
      discipline: () => taken.notice,
    };
    byId("taken").textContent = where[taken.destination]();
    show("taken", true);
  } catch (error) {
    byId("take-in").disabled = false;
    throw error;
  }
}

async function openDepartments() {
  show("ledger", false);
  show("departments", true);
  const box = byId("departments");
  if (!box.children.length) fill(box, make("p", { class: "empty" }, "正在读取……"));
  const departments = await ask("/v1/departments");
  names = Object.fromEntries(departments.map((department) => [department.code, department.name]));
  const busy = departments.filter((one) => one.total).sort((a, b) => b.total - a.total);
  const quiet = departments.filter((one) => !one.total);
  const total = busy.reduce((sum, one) => sum + one.total, 0);
  byId("ledgers-count").textContent = `${busy.length} 个单位，共 ${total} 条`;
  fill(box, ...busy.map(makeDepartment));
  if (!busy.length) box.append(make("p", { class: "empty" }, "台账还是空的。有来件派出后，这里按单位列出。"));
  if (quiet.length) box.append(make("p", { class: "quiet-ones" }, "暂无条目：", ...quiet.map((one) => make("a", { href: `#ledgers/${one.code}` }, one.name))));
}

function makeDepartment(department) {
  const words = { 1: "特急", 2: "紧急", 3: "较急", 4: "一般" };
  const counts = Object.entries(department.by_urgency).filter(([, count]) => count);
  return make("a", { class: "card department", href: `#ledgers/${department.code}` },
    make("b", {}, department.name, make("span", {}, String(department.total))),
    make("small", {}, ...counts.map(([level, count]) => make("span", { class: `u${level}` }, `${words[level]} ${count}`))));
}

async function openLedger(code) {
  show("departments", false);
  show("ledger", true);
  byId("ledgers-count").textContent = "";
  if (!names[code]) {
    const departments = await ask("/v1/departments");
    names = Object.fromEntries(departments.map((department) => [department.code, department.name]));
  }
  byId("ledger-name").textContent = names[code] || code;
  const urgency = byId("ledger-urgency").value;
  const filter = urgency ? `&urgency=${urgency}` : "";
  await openLines(byId("ledger-lines"), `/v1/ledgers/${encodeURIComponent(code)}?limit=50${filter}`, makeLedgerLine,
    urgency ? "这个紧急程度没有条目，可改选“全部”。" : "这个单位的台账还是空的。");
}

async function openReview() {
  await openLines(byId("review-lines"), "/v1/review?limit=50", makeReviewLine, "没有待复核的来件，都已派出。");
}

// Pages of lines under each other, the next one at a press of the button.
async function openLines(box, path, makeLine, whenEmpty) {
  fill(box, make("p", { class: "empty" }, "正在读取……"));
  const turn = async (cursor) => {
    const page = await ask(cursor ? `${path}&cursor=${encodeURIComponent(cursor)}` : path);
    box.querySelector(".more")?.remove();
    if (!cursor) fill(box);
    box.append(...page.lines.map(makeLine));
    if (!cursor && !page.lines.length) box.append(make("p", { class: "empty" }, whenEmpty));
    if (page.next) box.append(make("button", { type: "button", class: "more", onclick: () => attempt(() => turn(page.next)) }, "再看一页"));
  };
  try {
    await turn(null);
  } catch (error) {
    fill(box, make("p", { class: "empty" }, "没有读成，请按上方提示处理后重试。"));
    throw error;
  }
}

function makeLedgerLine({ entry, title, excerpt, channel, place }) {
  return make("button", { type: "button", class: "line", onclick: () => openFile(entry.submission_id) },
    make("span", { class: `u${entry.urgency}` }, entry.urgency_name),
    make("b", {}, title || excerpt),
    make("span", { class: "aside" }, `${entry.state_name} · ${entry.opened_at.slice(0, 10)}`),
    make("small", {}, [entry.domain, entry.nature, channel, place].filter(Boolean).join(" · ")),
    make("small", {}, excerpt));
}

function makeReviewLine(line) {
  const said = line.suggestion;
  const names = { 1: "特急", 2: "紧急", 3: "较急", 4: "一般" };
  return make("button", { type: "button", class: "line", onclick: () => openFile(line.submission_id) },
    make("span", { class: `u${line.urgency}` }, names[line.urgency]),
    make("b", {}, line.title || line.excerpt),
    make("span", { class: "aside" }, `把握 ${Math.round(100 * line.confidence)}%`),
    make("small", {}, said ? [`${said.domain.level1}/${said.domain.level2}/${said.domain.level3}`, said.nature.name, line.channel].filter(Boolean).join(" · ") : line.channel || ""),
    make("small", { class: "why" }, said ? said.review_reasons.join("；") : "尚无系统建议"),
    make("small", {}, line.excerpt));
}

function openFile(id) {
  attempt(async () => {
    const file = await ask(`/v1/submissions/${encodeURIComponent(id)}`);
    fill(byId("file-body"), ...makeFile(file));
    byId("file").showModal();
  });
}

function start() {
  takeKeyFromAddress();
  byId("samples").append(...SAMPLES.map(([name, title, content]) => make("button", {
    type: "button",
    onclick: () => {
      byId("title").value = title;
      byId("content").value = content;
      attempt(readLetter);
    },
  }, name)));
  for (const id of ["title", "content", "channel"]) byId(id).addEventListener("input", readSoon);
  byId("clear").addEventListener("click", () => {
    for (const id of ["title", "content", "channel"]) byId(id).value = "";
    attempt(readLetter);
  });
  byId("take-in").addEventListener("click", () => attempt(takeIn));
  byId("ledger-urgency").addEventListener("change", route);
  byId("forget-key").addEventListener("click", () => {
    if (!sessionStorage.getItem("key")) return location.assign("/account");
    forgetCaller();
    route();
  });
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem("key", byId("key").value.trim());
    byId("key").value = "";
    show("failure", false);
    route();
    attempt(() => ask("/v1/departments"));
  });
  addEventListener("hashchange", () => {
    takeKeyFromAddress();
    route();
  });
  route();
  attempt(readLetter);
}

start();
