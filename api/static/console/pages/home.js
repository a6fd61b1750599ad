// 工作台: what waits for whoever opened it, the overdue first, each a link to where it is done.

import { get } from "../api.js";
import { count, time, today, until, urgencyTag } from "../format.js";
import { html } from "../html.js";
import { explain } from "../parts/failure.js";
import { Frame } from "../parts/frame.js";
import { useLoad, useRepeat } from "../parts/load.js";
import { Button } from "../parts/plain.js";
import { State } from "../parts/state.js";
import { go, link } from "../router.js";
import { may, session } from "../session.js";

const HELP = `等着您办的事都在这里：超期的在前，其次是今天的特急、紧急件。
点一个数字看全部，点一条直接去办。每两分钟自动更新一次。`;

// Where the whole of a kind is shown, and how loud its figure is.
const ledger = (query) => () => link("/ledgers", query);
const WHERE = {
  overdue: [ledger({ standing: "overdue", order: "deadline" }), "danger"],
  urgent_today: [() => link("/ledgers", { since: today(), until: today(), order: "urgent" }), "danger"],
  due_soon: [ledger({ standing: "due_soon", order: "deadline" }), "warn"],
  unaccepted: [ledger({ standing: "unaccepted" })],
  review: [() => link("/review")],
  returned: [ledger({ state: ["returned", "registered"] }), "warn"],
  reopened: [ledger({ state: "reopened" }), "warn"],
  extensions: [() => link("/supervision", { tab: "extensions" })],
  to_evaluate: [ledger({ state: "replied" })],
  to_close: [ledger({ state: "evaluated" })],
  mine: [() => link("/ledgers", { assignee: session.me.who, standing: "open" })],
  findings: [() => link("/supervision")],
  tasks: [() => link("/lists", { list: "tasks", state: "open" })],
  accusations: [() => link("/confidential", { state: "waiting" })],
  imports: [() => link("/imports")],
  dead_letters: [() => link("/admin/webhooks"), "warn"],
  no_password: [() => link("/admin/users")],
};

const ABOUT = {
  entry: (line) => link(`/entries/${line.id}`),
  submission: (line) => link(`/submissions/${encodeURIComponent(line.id)}`),
  finding: (line) => link("/supervision", { finding: line.id }),
  task: (line) => link(`/tasks/${line.id}`),
  import: (line) => link("/imports", { id: line.id }),
};

export default {
  setup() {
    const home = useLoad(readHome);
    const problems = useLoad(async (signal) => (may("read_problems") ? (await get("/v1/problems", { limit: 6 }, { signal })).lines : []));
    useRepeat(home.reload, 120_000);
    return () => html`<${Frame} help=${HELP} load=${home} lead=${greeting()} actions=${actions}>${() => body(home.data, problems)}</>`;
  },
};

// What waits is read while the server still says who is signed in: one wait instead of two.
let early = null;
export function askEarly() {
  early = get("/v1/home");
  early.catch(() => {}); // told of where it is shown
}

function readHome(signal) {
  const asked = early ?? get("/v1/home", {}, { signal });
  early = null;
  return asked;
}

const actions = () => [
  may("decide") && html`<${Button} onClick=${() => go("/review")}>人工复核</>`,
  may("submit") && html`<${Button} type="primary" onClick=${() => go("/register")}>登记来件</>`,
];

const greeting = () => `${session.me.name}，今天是 ${new Date().toLocaleDateString("zh-CN", { timeZone: "Asia/Shanghai", month: "long", day: "numeric", weekday: "long" })}`;

function body({ cards }, problems) {
  const waiting = cards.filter((card) => card.count);
  const none = cards.filter((card) => !card.count).map((card) => card.name);
  return html`${waiting.length > 0 ? html`<div class="figures">${waiting.map((card) => figure(card))}</div>` : html`<div class="panel"><${State} kind="empty" title="没有等着您办的事" text="有新的来件、退回、到期提醒时，这里会列出来。" /></div>`}
    ${waiting.length > 0 && none.length > 0 && html`<p class="none muted">没有等着的：${none.join("、")}</p>`}
    <div class="cards">${waiting.filter((card) => card.lines.length).map((card) => panel(card))}${hottest(problems)}</div>`;
}

// What many tell of, the hottest first; for those who see common problems.
function hottest({ data, error }) {
  if (error) return html`<section class="panel"><p class="note bad">${explain(error)}</p></section>`;
  if (!data?.length) return null;
  return html`<section class="panel" aria-label="最热的共性问题">
    <div class="panel-head"><h2>最热的共性问题</h2><span class="grow"></span><a class="more" href=${link("/problems")}>看全部</a></div>
    <ul class="waiting">${data.map((one) => html`<li key=${one.id}><a class="what" href=${link(`/problems/${one.id}`)}>${one.name}</a>
      <span class="when number muted">${count(one.size)} 件，${count(one.reporters)} 人</span></li>`)}</ul>
  </section>`;
}

function figure(card) {
  const [address, tone = ""] = WHERE[card.kind] ?? [];
  return html`<a key=${card.kind} class=${`figure ${tone}`} href=${address?.()}><b>${count(card.count)}${card.more ? "+" : ""}</b><span>${card.name}</span></a>`;
}

const panel = (card) => html`<section class="panel" key=${card.kind} aria-label=${card.name}>
  <div class="panel-head"><h2>${card.name}</h2><span class="muted">${count(card.count)} 件</span><span class="grow"></span>${WHERE[card.kind] && html`<a class="more" href=${WHERE[card.kind][0]()}>看全部</a>`}</div>
  <ul class="waiting">${card.lines.map((line) => row(card, line))}</ul>
</section>`;

const row = (card, line) => html`<li key=${line.id}>
  ${line.urgency && urgencyTag(line.urgency)}
  <a class="what" href=${ABOUT[line.about]?.(line)}>${line.name || "（无标题）"}</a>
  <span class="where muted">${line.department}</span>
  ${when(card, line)}
</li>`;

// How long until the deadline, or since; a clock that has stopped says nothing more.
const STOPPED = ["to_evaluate", "to_close"];
function when(card, line) {
  if (!line.at || STOPPED.includes(card.kind)) return null;
  const runs = line.about === "entry" || line.about === "task";
  return html`<span class=${`when number ${runs && Date.parse(line.at) < Date.now() ? "tone-danger" : "muted"}`} title=${time(line.at)}>${runs ? until(line.at) : time(line.at)}</span>`;
}
