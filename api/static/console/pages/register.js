// 来件登记: a letter or a call as it is typed or scanned, with what the system says of it meanwhile;
// saved, it gives the receipt.

import { ElButton, ElDatePicker, ElForm, ElFormItem, ElInput, ElOption, ElSelect } from "element-plus";
import { reactive } from "vue";
import { ApiError, post } from "../api.js";
import { time } from "../format.js";
import { bind, html } from "../html.js";
import { CHANNELS } from "../names.js";
import { confirm } from "../parts/dialogs.js";
import { FileDrop } from "../parts/drop.js";
import { useAction } from "../parts/failure.js";
import { Frame } from "../parts/frame.js";
import { KeyHelp, useKeys } from "../parts/keys.js";
import { Repeats } from "../parts/repeats.js";
import { CallFirst, Suggestion } from "../parts/suggestion.js";
import { loadDepartmentNames } from "../reference.js";
import { link } from "../router.js";
import { bodyOf, clearDraft, isEmpty, openDraft } from "./register/draft.js";
import { Marked, useLive } from "./register/live.js";
import { keepReceipt, openReceipt, Receipt } from "./register/receipt.js";
import { RestNote, useRest } from "./register/rest.js";
import { Scan, SCAN_KINDS, useScan } from "./register/scan.js";

const HELP = `登记一封来信、一次来访或来电。打字或粘贴时，系统随即给出领域、紧急程度、责任单位，标出依据的字词，提示可能重复的来件和个人信息。
打印的来信可以扫描或拍照上传，识别成文字，没有把握的字已标出，请对照图片改正。
保存后得到回执，上有查询码，请打印交反映人。没有保存的草稿和最近一份回执留在本标签页，刷新不丢，退出登录即清除。`;

export default {
  setup() {
    const { form, found } = openDraft();
    const live = useLive(form);
    const rest = useRest(form);
    const state = reactive({ saved: null, last: openReceipt(), found, known: null });
    const scan = useScan((text) => { form.content = form.content.trim() ? `${form.content.trimEnd()}\n${text}` : text; });

    const save = useAction(async () => {
      if (!form.title.trim() && !form.content.trim()) throw new ApiError("标题和内容都为空，请至少填写一项");
      state.known = null;
      try {
        const answer = await post("/v1/submissions", bodyOf(form));
        const names = answer.entry ? await loadDepartmentNames().catch(() => ({})) : {};
        state.saved = keepReceipt(answer, form, names[answer.entry?.lead_department]);
      } catch (error) {
        if (error.status === 409) state.known = form.id; // it was saved before the answer got lost, and was changed since
        throw error;
      }
      scan.close();
      clearDraft(form);
      scrollTo(0, 0);
    });
    function again() {
      rest.of = null;
      state.last = state.saved;
      state.saved = null;
      state.found = false;
    }
    async function clear() {
      if (isEmpty(form) || !await confirm("填写的内容会全部清除。", "清空重填？", { yes: "清空", danger: true })) return;
      scan.close();
      clearDraft(form);
      state.found = false;
    }
    const keys = useKeys([["ctrl+Enter", "保存，得到回执", () => !state.saved && save.run()]]);
    const actions = () => !state.saved && html`<${KeyHelp} keys=${keys} />`;

    return () => html`<${Frame} help=${HELP} actions=${actions}>
      ${state.saved ? html`<${Receipt} saved=${state.saved} onAgain=${again} />` : html`<div>
        ${rest.of && html`<${RestNote} rest=${rest} />`}
        ${state.last && html`<p class="note">刚登记的一件 <b>${state.last.id}</b>，${time(state.last.at)}。<button type="button" class="plain about" onClick=${() => { state.saved = state.last; }}>再看回执</button></p>`}
        ${state.found && html`<p class="note">这是您上次没有保存的草稿。<button type="button" class="plain about" onClick=${clear}>清空重填</button></p>`}
        ${state.known && html`<p class="note warn" role="alert">编号 ${state.known} 已经登记过，内容与现在的不同。<a href=${link(`/submissions/${encodeURIComponent(state.known)}`)}>看已登记的</a></p>`}
        ${scan.file && html`<${Scan} scan=${scan}><${ElForm} labelPosition="top" onSubmit=${(event) => event.preventDefault()}>${contentField(form, 8)}</></>`}
        <div class="split">
          <${ElForm} labelPosition="top" class="panel register" onSubmit=${(event) => event.preventDefault()}>
            ${fields(form, scan)}
            <${Marked} live=${live} form=${form} />
            ${submitter(form)}
            <div class="buttons"><${ElButton} type="primary" loading=${save.busy} onClick=${save.run}>保存，打印回执 <kbd>Ctrl + Enter</kbd></><${ElButton} onClick=${clear}>清空</></div>
          </>
          <div>${aside(live)}</div>
        </div>
      </div>`}
    </>`;
  },
};

const contentField = (form, rows) => html`<${ElFormItem} label="内容" for="content"><${ElInput} id="content" type="textarea" rows=${rows} maxlength="100000" placeholder="打字或粘贴来信、来电记录" ...${bind(form, "content")} /></>`;

const fields = (form, scan) => html`<div class="in-row">
    <${ElFormItem} label="渠道" for="channel"><${ElSelect} id="channel" ariaLabel="渠道" placeholder="请选择" ...${bind(form, "channel")}>${CHANNELS.map((name) => html`<${ElOption} key=${name} value=${name} label=${name} />`)}</></>
    <${ElFormItem} label="收到时间" for="received"><${ElDatePicker} id="received" type="datetime" valueFormat="YYYY-MM-DD HH:mm" format="YYYY-MM-DD HH:mm" placeholder="现在" ...${bind(form, "received_at")} /></>
    <${ElFormItem} label="地点" for="place"><${ElInput} id="place" maxlength="200" placeholder="文中没有写明的" ...${bind(form, "place")} /></>
  </div>
  <${ElFormItem} label="标题" for="title"><${ElInput} id="title" maxlength="500" ...${bind(form, "title")} /></>
  ${!scan.file && [contentField(form, 6), html`<${FileDrop} key="drop" accept=${SCAN_KINDS} most=${20_000_000} label="选择扫描件或照片" camera onPick=${scan.open}>有纸质来信的：<span class="at-desk">把扫描件或照片（图片、PDF）拖到这里，或点击选择</span><span class="in-hand">选图片或 PDF</span></>`]}`;

const submitter = (form) => html`<fieldset class="told-by"><legend>反映人（加密保存，知道多少填多少）</legend><div class="in-row">
  <${ElFormItem} label="姓名" for="name"><${ElInput} id="name" maxlength="50" autocomplete="off" ...${bind(form, "name")} /></>
  <${ElFormItem} label="电话" for="phone"><${ElInput} id="phone" maxlength="40" autocomplete="off" placeholder="查询时用后四位" ...${bind(form, "phone")} /></>
  <${ElFormItem} label="证件号" for="id_number"><${ElInput} id="id_number" maxlength="40" autocomplete="off" ...${bind(form, "id_number")} /></>
  <${ElFormItem} label="住址" for="address"><${ElInput} id="address" maxlength="200" autocomplete="off" ...${bind(form, "address")} /></>
</div></fieldset>`;

function aside(live) {
  if (!live.said) return html`<section class="panel"><div class="panel-head"><h2>系统建议</h2></div><p class="muted">${live.reading ? "正在看…" : "打字或粘贴后，领域、紧急程度、责任单位、可能重复的来件显示在这里。"}</p></section>`;
  const { said } = live;
  return [html`<section class="panel" key="said" aria-label="系统建议" aria-live="polite" aria-busy=${String(live.reading)}><div class="panel-head"><h2>系统建议</h2></div>
      <${CallFirst} suggestion=${said} />
      ${said.confidential && html`<p class="note bad">涉及检举控告：保存后直接转纪检，不进普通台账，其他人看不到。</p>`}
      <${Suggestion} suggestion=${said} /></section>`,
    said.repeats.length > 0 && html`<section class="panel" key="repeats" aria-label="可能重复"><div class="panel-head"><h2>可能重复</h2></div><${Repeats} lines=${said.repeats} /></section>`];
}
