// 人工复核: what the machine was not sure of, the most urgent and least sure first, by keyboard alone.

import { ElButton } from "element-plus";
import { nextTick, onMounted, reactive } from "vue";
import { get, post } from "../api.js";
import { count, percent, rate, time } from "../format.js";
import { html } from "../html.js";
import { attempt, explain, told } from "../parts/failure.js";
import { askReason, confirm as ask } from "../parts/dialogs.js";
import { Frame } from "../parts/frame.js";
import { KeyHelp, useKeys } from "../parts/keys.js";
import { Letter } from "../parts/letter.js";
import { useLoad, usePause, useRepeat } from "../parts/load.js";
import { Repeats } from "../parts/repeats.js";
import { State } from "../parts/state.js";
import { useUnsaved } from "../parts/unsaved.js";
import { link, route } from "../router.js";
import { may } from "../session.js";
import { Call, chooseDomain, optionsOf, URGENCY_KEYS, Why } from "./review/call.js";
import { useQueue } from "./review/queue.js";
import { ACCUSATION, findMissing, findMissingAtOnce, isTouched, partsChanged } from "./review/sheets.js";

const HELP = `系统没有把握的来件在这里由人认定：最急的在前，同样急的，把握最小的在前。
对的按回车确认；不对的用数字键换一个领域，或按字母键到各栏更正，打字或拼音首字母即可查找。确认后立即看下一件，不必等。
换了领域，主办单位随派单目录更换；您自己选过主办单位的不再更换。
有人正有危险的：先拨电话，再按该条热线的按钮（按 A 到那里），立即交办并记下转往哪条热线，其余各项事后再更正。`;
const PART_NAMES = { domain: "领域", department: "责任单位", urgency: "紧急程度", nature: "性质", division: "区划" };
const KINDS = { same_person: "重复信访", same_text: "联名或群发", same_matter: "同一事项的另一说法" };
const HOUR = 3_600_000;

export default {
  setup() {
    const state = reactive({ missing: "", started: null, done: 0 });
    const day = useLoad((signal) => get("/v1/reviews/today", {}, { signal }));
    const readDay = usePause(day.reload, 800);
    const queue = useQueue({
      first: route.query.id,
      onDecided: () => { state.done += 1; state.started ??= Date.now(); readDay(); },
    });
    useRepeat(() => { day.reload(); queue.look(); }, 60_000);
    useUnsaved(() => queue.sending > 0 || queue.sheets.some(isTouched));

    const sheet = () => queue.sheets[0];
    const decides = may("decide");
    const home = () => nextTick(() => document.getElementById("review-sheet")?.focus({ preventScroll: true }));
    const enter = (id) => () => {
      const field = document.getElementById(id);
      field?.focus();
      field?.click();
    };
    const turn = (step) => () => {
      state.missing = "";
      step();
      document.getElementById("review-sheet")?.scrollTo(0, 0);
      home();
    };
    const skip = turn(() => sheet() && queue.forward());
    const back = turn(queue.back);

    // True where something is still to be said; the keyboard stands in its field then.
    function lacks(at, missing) {
      if (!missing || at.lead.asking) return false;
      state.missing = missing[1];
      enter(`review-${missing[0]}`)();
      return true;
    }
    // Somebody may be in danger: the rest stays as it stands, and is put right afterwards.
    async function alarm(line, name) {
      const at = sheet();
      if (at.call.nature === ACCUSATION) {
        if (!await seals() || sheet() !== at) return;
        turn(() => queue.decide(async (one) => { told(`“${one.title || one.id}”已记为转 ${line} ${name}，并已转纪检`); }, line))();
        return;
      }
      if (lacks(at, findMissingAtOnce(at))) return;
      turn(() => queue.decide(async (one) => { told(`“${one.title || one.id}”已记为转 ${line} ${name}，并已交办；按 ← 可更正其余各项`); }, line))();
    }

    const seals = () => ask("确认后转纪检台账，只有纪检人员能看到，您也不能撤回。", "认定为检举控告？", { danger: true, yes: "转纪检" });

    async function decide(extra) {
      const at = sheet();
      if (!at || !decides || lacks(at, findMissing(at))) return;
      if (at.entry && !isTouched(at) && !extra) {
        skip();
        return;
      }
      if (at.call.nature === ACCUSATION && !await seals()) return;
      if (sheet() !== at) return;
      turn(() => queue.decide(extra))();
    }

    const keys = useKeys([
      ["Enter", "确认（或更正），看下一件", () => decide()],
      ["ctrl+Enter", "同上，在输入框里也可以", () => decide()],
      ...[1, 2, 3, 4].map((number) => [String(number), number === 1 && "系统建议的领域，三个备选领域", () => pick(number - 1), "1–4"]),
      ["l", "另选领域，打字或拼音首字母", enter("review-domain")],
      ...URGENCY_KEYS.map((key, at) => [key, at === 0 && "特急、紧急、较急、一般", () => { if (sheet() && decides) sheet().call.urgency = at + 1; }, "Q W E R"]),
      ["z", "主办单位", enter("review-lead")],
      ["x", "协办单位", enter("review-assisting")],
      ["s", "诉求性质", enter("review-nature")],
      ["d", "行政区划", enter("review-division")],
      ["y", "更正的原因", enter("review-reason")],
      may("assign") && ["a", "特急：到紧急热线的按钮", () => document.getElementById("review-alarm")?.focus()],
      ["c", "对照疑似重复的来件", () => compare()],
      ["ArrowRight", "跳过，看下一件", skip],
      ["ArrowLeft", "回到上一件，可以再更正", back],
      ["Escape", "离开输入框", home],
    ].filter(Boolean));
    function pick(at) {
      const option = sheet() && decides && optionsOf(sheet())[at];
      if (option) chooseDomain(sheet(), option.code);
      home();
    }

    async function compare() {
      const at = sheet();
      if (!at?.repeats.length || at.found) return;
      await attempt(async () => { at.found = (await get(`/v1/submissions/${encodeURIComponent(at.id)}/repeats`)).lines; });
    }
    async function dismiss(at, other) {
      const note = await askReason("不是同一事项", { text: "以后不再提示这一对。可写理由。", required: false, yes: "不是重复" });
      if (note === null) return;
      await attempt(async () => {
        await post(`/v1/submissions/${encodeURIComponent(at.id)}/repeats:dismiss`, { other, note });
        at.repeats = at.repeats.filter((one) => one.submission_id !== other);
        at.found = at.found?.filter((one) => one.other.id !== other) ?? null;
        told("已记下，不再提示这一对");
      });
      home();
    }
    // It needs an entry of its own first, so it is confirmed as it stands and then merged.
    const merge = (at, line) => decide(async (one, entry) => {
      await post(`/v1/submissions/${encodeURIComponent(one.id)}/repeats:merge`, { other: line.other.id, version: entry.version });
      told(`“${one.title || one.id}”已并入“${line.other.title || line.other.id}”`);
    });

    onMounted(home);
    const actions = () => html`<${KeyHelp} keys=${keys} />`;
    const body = () => {
      const at = sheet();
      if (!at && queue.error) return html`<${State} kind="failed" text=${explain(queue.error)}><${ElButton} onClick=${queue.more}>重试</></>`;
      if (!at && queue.loading) return html`<${State} kind="loading" />`;
      if (!at) return html`<div class="panel"><${State} kind="empty" title="没有待复核的来件" text="系统没有把握的新来件会到这里，每分钟自动看一次。"><${ElButton} onClick=${queue.restart}>现在再看一次</></></div>`;
      return html`<div class="split review">
        <div>
          <section class="panel" id="review-sheet" tabindex="-1" aria-label="来件原文">
            <div class="facts-line muted"><a href=${link(`/submissions/${encodeURIComponent(at.id)}`)} target="_blank" rel="noopener">${at.id}</a><span>${at.line.channel ?? "渠道未注明"}</span><span class="number">${time(at.line.received_at ?? at.line.recorded_at)}</span>${at.line.place && html`<span>${at.line.place}</span>`}</div>
            <${Letter} key=${at.id} submission=${at} suggestion=${at.suggestion} />
          </section>
          ${at.repeats.length > 0 && repeats(at, { compare, dismiss, merge, decides })}
        </div>
        <div>${decides
          ? html`<${Call} key=${at.id} sheet=${at} missing=${state.missing} home=${home} alarm=${may("assign") ? alarm : null} confirm=${() => decide()} skip=${skip} back=${queue.past.length ? back : null} />`
          : html`<section class="panel"><p class="note">您可以看复核队列，不能认定。</p><div class="buttons"><${ElButton} onClick=${skip}>下一件 <kbd>→</kbd></><${ElButton} disabled=${!queue.past.length} onClick=${back}>上一件 <kbd>←</kbd></></div></section>`}
          <${Why} sheet=${at} /></div>
      </div>`;
    };
    return () => html`<${Frame} help=${HELP} actions=${actions} lead=${lead(day.data)}>
      ${day.data && today(day.data, state, queue)}
      ${queue.notices.map((notice, at) => html`<p class="note bad" role="alert" key=${notice.id}><a href=${link(`/submissions/${encodeURIComponent(notice.id)}`)}>${notice.title || notice.id}</a>：${notice.text} <button type="button" class="plain about" onClick=${() => queue.notices.splice(at, 1)}>知道了</button></p>`)}
      ${body()}
    </>`;
  },
};

const lead = (day) => day && `待复核 ${count(day.waiting)} 件`;

// How often the machine was right today, and how fast it goes.
function today({ everyone, mine, corrected }, state, queue) {
  const parts = Object.entries(corrected).filter(([, number]) => number).map(([part, number]) => `${PART_NAMES[part]} ${count(number)}`);
  const pace = state.done >= 3 ? Math.round((state.done - 1) * HOUR / Math.max(1_000, Date.now() - state.started)) : null;
  return html`<p class="day" aria-label="今天的复核">
    <span>${everyone.decided ? html`今天系统对了 <b class="number">${rate(everyone.confirmed, everyone.decided)}</b>` : "今天还没有认定"}</span>
    ${parts.length > 0 && html`<span class="muted">更正：${parts.join("、")}</span>`}
    <span class="muted">本人今天 <span class="number">${count(mine.decided)}</span> 件${pace && html`，每小时约 <span class="number">${count(pace)}</span> 件`}</span>
    ${queue.sending > 0 && html`<span class="muted" role="status">正在送出 ${count(queue.sending)} 件</span>`}
  </p>`;
}

const repeats = (at, { compare, dismiss, merge, decides }) => html`<section class="panel" aria-label="疑似重复">
  <div class="panel-head"><h2>疑似重复</h2><span class="muted">${count(at.repeats.length)} 件</span><span class="grow"></span>${!at.found && html`<${ElButton} size="small" onClick=${compare}>对照 <kbd>C</kbd></>`}</div>
  ${at.found
    ? html`<${Repeats} lines=${at.found} actions=${(line) => decides && may("assign") && html`<span class="buttons">
        ${line.entries.length > 0 && html`<${ElButton} size="small" onClick=${() => merge(at, line)}>确认并并件</>`}
        <${ElButton} size="small" onClick=${() => dismiss(at, line.other.id)}>不是重复</></span>`} />`
    : html`<ul class="waiting">${at.repeats.map((one) => html`<li key=${one.submission_id}><span class="tag warn">${KINDS[one.kind]}</span><a class="what" href=${link(`/submissions/${encodeURIComponent(one.submission_id)}`)} target="_blank" rel="noopener">${one.title || one.submission_id}</a><span class="when number muted">相同 ${percent(one.similarity)}</span></li>`)}</ul>`}
</section>`;
