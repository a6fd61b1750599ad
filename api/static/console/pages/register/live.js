// What the system says of a text while it is being typed: labels with their evidence, probable
// repeats, personal data. Nothing of it is kept on the server.

import { ElButton, ElRadioButton, ElRadioGroup } from "element-plus";
import { onScopeDispose, reactive, watch } from "vue";
import { isAborted, post } from "../../api.js";
import { bind, html } from "../../html.js";
import { explain } from "../../parts/failure.js";
import { mark, spans } from "../../parts/letter.js";
import { MENDED, usePause } from "../../parts/load.js";

const SHORTEST = 6; // characters; of less nothing sensible is said
const FIELDS = ["name", "phone", "id_number"]; // of the submitter, called alike where they are found

// `of`: the text that was read, to which the offsets belong; `reading`: a newer one is on its way.
export function useLive(form) {
  const state = reactive({ of: null, said: null, personal: null, reading: false, error: null, view: "evidence" });
  let running = null;

  async function read() {
    running?.abort();
    const of = { title: form.title, content: form.content };
    if ((of.title + of.content).trim().length < SHORTEST) {
      Object.assign(state, { of: null, said: null, personal: null, reading: false, error: null });
      return;
    }
    const own = new AbortController();
    running = own;
    try {
      const asked = { ...of, place: form.place.trim() || null, channel: form.channel || null };
      const [said, personal] = await Promise.all([post("/v1/suggest", asked, { signal: own.signal }), post("/v1/privacy:find", of, { signal: own.signal })]);
      if (running === own) Object.assign(state, { of, said, personal, reading: false, error: null });
    } catch (error) {
      if (running !== own || isAborted(error)) return;
      Object.assign(state, { reading: false, error: error.status === 401 ? null : error }); // the shell asks to sign in
    }
  }
  const soon = usePause(read, 400);
  watch(() => [form.title, form.content, form.place], () => {
    state.reading = true;
    soon();
  });
  for (const event of MENDED) addEventListener(event, read);
  onScopeDispose(() => {
    for (const event of MENDED) removeEventListener(event, read);
    running?.abort();
  });
  if (form.title || form.content) read();
  return Object.assign(state, { read });
}

const wordsOf = ({ of, personal }, kind) => {
  const found = personal.spans.find((span) => span.kind === kind);
  return found ? [...of[found.field]].slice(found.start, found.end).join("") : "";
};

// What stands in the text and not yet under 反映人.
const missing = (live, form) => FIELDS.filter((field) => !form[field].trim() && wordsOf(live, field)).map((field) => [field, wordsOf(live, field)]);

// html`<${Marked} live=${live} form=${form} />`: the text with its evidence, or masked.
export const Marked = ({ live, form }) => {
  if (!live.of) return null;
  const { of, personal, said } = live;
  const counted = [...new Set(personal.spans.map((span) => span.name))].map((name) => `${name} ${personal.spans.filter((span) => span.name === name).length}`);
  const found = missing(live, form);
  return html`<section class="marked" aria-label="依据和个人信息" aria-busy=${String(live.reading)}>
    <div class="panel-head">
      <${ElRadioGroup} size="small" ariaLabel="怎样看" ...${bind(live, "view")}><${ElRadioButton} value="evidence">标出依据</><${ElRadioButton} value="masked">遮盖后</></>
      <span class="muted">${counted.length ? `个人信息：${counted.join("、")}` : "没有发现个人信息"}</span>
      ${found.length > 0 && html`<${ElButton} size="small" onClick=${() => Object.assign(form, Object.fromEntries(found))}>填入反映人</>`}
      <span class="grow"></span><span class="muted" role="status">${live.reading ? "正在看…" : ""}</span>
    </div>
    ${live.error && html`<p class="note bad" role="alert">${explain(live.error)}</p>`}
    <div class="marked-text" tabindex="0" role="region" aria-label="标出的文字">${["title", "content"].map((field) => of[field] && html`<p key=${field} class=${{ letter: true, "letter-title": field === "title" }}>${live.view === "masked"
      ? mark(personal[field], personal.spans.filter((span) => span.field === field).map((span) => ({ ...span, kind: "personal" })))
      : mark(of[field], spans(said, field, of[field]))}</p>`)}</div>
  </section>`;
};
Marked.props = ["live", "form"];
