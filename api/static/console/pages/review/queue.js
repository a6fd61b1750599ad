// The review queue as one clerk works through it: the sheet at hand, those read ahead, those decided
// and on their way to the server while the next is already read.

import { onScopeDispose, reactive } from "vue";
import { get, isAborted, post } from "../../api.js";
import { explain } from "../../parts/failure.js";
import { session } from "../../session.js";
import { changesOf, makeSheet, settle } from "./sheets.js";

const READ = 10; // sheets in one answer
const LOW = 5; // the next are asked for while this many are left
const FIRST = { own: "您先前已经认定，以那一次为准", other: "别人先认定了，您的认定没有生效" };
const LASTING = new Set([403, 404, 409]); // no use in sending the same again

// `sheets[0]` is at hand. `notices`: what became of decisions that did not hold.
export function useQueue({ first, onDecided }) {
  const state = reactive({ sheets: [], past: [], notices: [], sending: 0, loading: true, error: null });
  const gone = new Set();
  const own = new AbortController();
  let cursor = null;
  let ended = false;
  let running = null;
  let wanted = first;
  onScopeDispose(() => own.abort());

  const isKnown = (id) => gone.has(id) || state.sheets.some((sheet) => sheet.id === id);
  const ask = (query) => get("/v1/reviews", query, { signal: own.signal });
  const add = (lines, at = state.sheets.length) => state.sheets.splice(at, 0, ...lines.filter((told) => !isKnown(told.line.submission_id)).map(makeSheet));

  async function read() {
    state.loading = true;
    state.error = null;
    try {
      if (wanted) {
        await readFirst(wanted).catch((error) => {
          if (error.status !== 404) throw error;
          state.notices.push({ id: wanted, title: "", text: explain(error) });
        });
      }
      wanted = null;
      do {
        const page = await ask({ limit: READ, cursor });
        add(page.lines);
        cursor = page.next;
        ended = !cursor;
      } while (!ended && state.sheets.length < LOW);
    } catch (error) {
      if (isAborted(error)) return;
      state.error = error;
    }
    state.loading = false;
    running = null;
  }
  const more = () => { running ??= read(); return running; };

  // The one that the address names comes before all others, once.
  async function readFirst(id) {
    const file = await get(`/v1/submissions/${encodeURIComponent(id)}`, {}, { signal: own.signal });
    const { submission, suggestion } = file;
    if (submission.status !== "review") {
      state.notices.push({ id, title: submission.title, text: "已经认定过，不在复核队列" });
      gone.add(id);
      return;
    }
    const { lines } = await get(`/v1/submissions/${encodeURIComponent(id)}/repeats`, {}, { signal: own.signal });
    const repeats = lines.map((line) => ({ submission_id: line.other.id, title: line.other.title, kind: line.kind, similarity: line.similarity, recorded_at: line.other.recorded_at }));
    const told = { line: { ...submission, submission_id: id, suggestion, urgency: suggestion?.urgency.level }, content: submission.content, repeats };
    state.sheets.unshift(makeSheet(told));
  }

  function restart() {
    Object.assign(state, { sheets: [], past: state.past.filter((sheet) => sheet.entry || sheet.sending) });
    cursor = null;
    ended = false;
    return more();
  }

  function forward() {
    state.past.push(state.sheets.shift());
    if (state.past.length > 100) state.past.shift();
    if (state.sheets.length < LOW && !ended) more();
    // What was passed over comes round again, and what arrived meanwhile.
    if (!state.sheets.length && ended) restart();
  }

  // On to the next at once; what was decided goes to the server meanwhile. `alarm`: the emergency line
  // that is told of it with the decision.
  async function decide(extra = async () => {}, alarm = null) {
    const sheet = state.sheets[0];
    sheet.failure = "";
    sheet.sending = true;
    gone.add(sheet.id);
    state.sending += 1;
    forward();
    try {
      const { lead } = sheet;
      if (lead.asking) await lead.asking;
      const told = await post(`/v1/submissions/${encodeURIComponent(sheet.id)}/decisions`, { ...changesOf(sheet), ...(alarm ? { alarm } : {}) });
      settle(sheet, told.entry);
      if (!told.entry) state.past = state.past.filter((one) => one.id !== sheet.id); // under the seal
      await extra(sheet, told.entry);
      onDecided(sheet);
    } catch (error) {
      sheet.sending = false;
      await fail(sheet, error);
    }
    sheet.sending = false;
    state.sending -= 1;
  }

  // An answer that got lost is found here again: it was the own decision that came first.
  const isOwn = ({ id }) => get(`/v1/submissions/${encodeURIComponent(id)}`, {}, { signal: own.signal }).then(({ decisions }) => decisions.at(-1)?.who === session.me.who, () => false);

  // It comes next, never under the hands of who reads another.
  async function fail(sheet, error) {
    if (sheet.entry || LASTING.has(error.status)) {
      const reason = sheet.call.reason.trim();
      const text = [error.status === 409 && !sheet.entry ? FIRST[await isOwn(sheet) ? "own" : "other"] : explain(error), reason && `您写的原因：“${reason}”`].filter(Boolean).join("。");
      state.notices.push({ id: sheet.id, title: sheet.title, text });
      return;
    }
    gone.delete(sheet.id);
    state.past = state.past.filter((one) => one.id !== sheet.id);
    sheet.failure = explain(error);
    state.sheets.splice(Math.min(1, state.sheets.length), 0, sheet);
  }

  function back() {
    if (state.past.length && !state.past.at(-1).sending) state.sheets.unshift(state.past.pop());
  }

  // What is more urgent than the next one and came in meanwhile comes before it.
  async function look() {
    const page = await ask({ limit: LOW }).catch(() => null);
    if (!page) return;
    const next = state.sheets[1]?.urgency ?? 5;
    const fresh = page.lines.filter((told) => told.line.urgency < next && !state.past.some((sheet) => sheet.id === told.line.submission_id));
    add(state.sheets.length ? fresh : page.lines, Math.min(1, state.sheets.length));
  }

  more();
  return Object.assign(state, { decide, forward, back, restart, look, more });
}
