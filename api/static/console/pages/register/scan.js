// A scanned or photographed letter: the picture beside what was read of it, doubtful characters marked.

import { ElButton } from "element-plus";
import { onScopeDispose, reactive } from "vue";
import { encodeFile, isAborted, post } from "../../api.js";
import { count, percent } from "../../format.js";
import { html } from "../../html.js";
import { explain } from "../../parts/failure.js";

const DOUBT = 0.85; // a character less sure than this is marked
export const SCAN_KINDS = ".png,.jpg,.jpeg,.webp,.bmp,.tif,.tiff,.pdf";

// `take` is told the text of each page that was read.
export function useScan(take) {
  const state = reactive({ file: null, url: "", page: 1, pages: 1, width: 0, height: 0, lines: [], at: -1, busy: false, failure: "", unseen: false });
  let running = null;

  function show(url) {
    if (state.url) URL.revokeObjectURL(state.url);
    state.url = url;
    state.unseen = false;
  }
  function close() {
    running?.abort();
    show("");
    Object.assign(state, { file: null, lines: [], failure: "", busy: false });
  }
  async function open(file, page = 1) {
    running?.abort();
    const own = new AbortController();
    running = own;
    Object.assign(state, { file, page, lines: [], at: -1, busy: true, failure: "" });
    if (!file.name.toLowerCase().endsWith(".pdf")) show(URL.createObjectURL(file));
    else if (page === 1) show("");
    try {
      const told = await post("/v1/ocr", { content: await encodeFile(file), page }, { signal: own.signal });
      if (running !== own) return;
      const { pages, width, height, lines } = told;
      Object.assign(state, { pages, width, height, lines });
      if (told.picture) show(URL.createObjectURL(new Blob([Uint8Array.from(atob(told.picture), (one) => one.charCodeAt(0))], { type: "image/png" })));
      if (told.text) take(told.text);
      else state.failure = "这一页没有认出文字，请照图片录入";
    } catch (error) {
      if (running !== own || isAborted(error)) return;
      state.failure = explain(error);
    }
    state.busy = false;
  }
  onScopeDispose(close);
  return Object.assign(state, { open, close });
}

const partsOf = (line) => (line.characters.length ? line.characters : [{ text: line.text, confidence: line.confidence }]);
const doubtful = (line) => partsOf(line).filter((part) => part.confidence < DOUBT);

// html`<${Scan} scan=${scan}>…the field in which the text is corrected…</>`
export const Scan = ({ scan }, { slots }) => {
  const doubts = scan.lines.reduce((sum, line) => sum + doubtful(line).length, 0);
  return html`<section class="panel scan-panel" aria-label="扫描件">
    <div class="panel-head"><h2>扫描件</h2><span class="muted">${scan.file.name}${scan.pages > 1 ? `，第 ${count(scan.page)} 页，共 ${count(scan.pages)} 页` : ""}</span><span class="grow"></span>
      ${scan.page < scan.pages && html`<${ElButton} size="small" loading=${scan.busy} onClick=${() => scan.open(scan.file, scan.page + 1)}>识别下一页</>`}
      <${ElButton} size="small" onClick=${scan.close}>收起图片</></div>
    ${scan.failure && html`<p class="note warn" role="alert">${scan.failure}</p>`}
    <div class="scan">
      <div class="scan-picture" tabindex="0" role="region" aria-label="图片">
        ${scan.unseen && html`<p class="note">这种图片浏览器显示不了，请用看图软件打开对照。</p>`}
        ${scan.url ? html`<div class="scan-sheet"><img src=${scan.url} alt="来信的图片" onError=${() => { scan.unseen = true; }} />
          ${scan.lines.length > 0 && html`<svg viewBox=${`0 0 ${scan.width} ${scan.height}`} aria-hidden="true">${scan.lines.map((line, at) => (at === scan.at || doubtful(line).length > 0) && html`<polygon key=${at} class=${at === scan.at ? "at" : "doubt"} points=${line.box.map((corner) => corner.join(",")).join(" ")} />`)}</svg>`}</div>`
          : html`<p class="muted">${scan.busy ? "正在打开…" : ""}</p>`}
      </div>
      <div class="scan-text">
        <p role="status">${scan.busy ? "正在识别文字，要几秒钟…" : scan.lines.length ? doubts ? html`<span><b class="number">${count(doubts)}</b> 个字没有把握，已标出；点一行，看它在图片的哪里。请在下面改正。</span>` : "各字都有把握，仍请对照图片核一遍。" : ""}</p>
        ${scan.lines.length > 0 && html`<div class="scan-lines" role="group" aria-label="识别出的各行">${scan.lines.map((line, at) => html`<button type="button" key=${at} class=${{ plain: true, at: at === scan.at }} aria-pressed=${String(at === scan.at)} onClick=${() => { scan.at = at; }}>${partsOf(line).map((part, place) => (part.confidence < DOUBT ? html`<mark key=${place} class="doubt" title=${`把握 ${percent(part.confidence)}`}>${part.text}</mark>` : part.text))}</button>`)}</div>`}
        ${slots.default()}
      </div>
    </div>
  </section>`;
};
Scan.props = ["scan"];
