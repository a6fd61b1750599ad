// 公众查询: what became of one's own submission, in plain words, and what one thinks of the reply.
// Code and digits stay in this page: they go in the body of the request and are kept nowhere.

import { ElButton, ElForm, ElFormItem, ElInput, ElRadio, ElRadioGroup } from "element-plus";
import { reactive } from "vue";
import { post } from "../api.js";
import { day } from "../format.js";
import { bind, html } from "../html.js";
import { OUTCOMES, SATISFACTIONS } from "../names.js";
import { explain, told } from "../parts/failure.js";

export default {
  setup() {
    const state = reactive({ code: "", tail: "", found: null, failure: "", busy: false, ratings: {} });
    const asked = () => ({ code: state.code, tail: state.tail });

    async function run(step) {
      state.busy = true;
      state.failure = "";
      try {
        state.found = await step();
      } catch (error) {
        state.failure = explain(error);
      }
      state.busy = false;
    }
    const lookUp = (event) => {
      event.preventDefault();
      if (state.code.trim()) run(() => post("/v1/tracking", asked()));
      else state.failure = "请填写回执上的查询码";
    };
    const rate = async (matter) => {
      await run(() => post("/v1/tracking/ratings", { ...asked(), number: matter.number, ...ratingOf(state, matter) }));
      if (!state.failure) told("评价已经收到，谢谢您");
    };
    const leave = () => Object.assign(state, { code: "", tail: "", found: null, failure: "", ratings: {} });

    return () => html`<div class="citizen">
      <h1>来件办理情况查询</h1>
      ${state.failure && html`<p class="note bad" role="alert">${state.failure}</p>`}
      ${state.found ? html`<${Found} state=${state} rate=${rate} leave=${leave} />` : ask(state, lookUp)}
    </div>`;
  },
};

const ask = (state, lookUp) => html`<div class="panel">
  <${ElForm} labelPosition="top" onSubmit=${lookUp}>
    <${ElFormItem} label="查询码" for="code"><${ElInput} id="code" size="large" autofocus autocomplete="off" spellcheck="false" placeholder="回执上的 16 位查询码" ...${bind(state, "code")} /></>
    <${ElFormItem} label="电话后四位" for="tail"><${ElInput} id="tail" size="large" autocomplete="off" inputmode="numeric" ...${bind(state, "tail")} /><span class="hint">没有留电话的填证件号后四位，都没有留的不填</span></>
    <${ElButton} type="primary" size="large" nativeType="submit" loading=${state.busy}>查询</>
  </>
  <p class="foot hint">查询码印在登记时给您的回执上，只有您和受理处知道，请不要告诉他人。查询码丢失的，请带证件到受理处。</p>
</div>`;

const Found = ({ state, rate, leave }) => html`<div>
  <div class="panel"><dl class="facts"><dt>登记时间</dt><dd>${day(state.found.recorded_at)}</dd><dt>办到哪一步</dt><dd><b>${state.found.progress}</b></dd></dl></div>
  ${state.found.matters.map((matter) => html`<section class="panel" key=${matter.number}>
    <div class="panel-head"><h2>${matter.matter || "您反映的事项"}</h2></div>
    <dl class="facts">
      <dt>办理单位</dt><dd>${matter.department}</dd>
      ${state.found.matters.length > 1 && [html`<dt>进展</dt>`, html`<dd>${matter.progress}</dd>`]}
      <dt>交办日期</dt><dd>${day(matter.opened_at)}</dd>
      ${matter.deadline_at && !matter.replied_at && [html`<dt>办理时限</dt>`, html`<dd>${day(matter.deadline_at)} 前答复</dd>`]}
      ${matter.delay && [html`<dt>延期</dt>`, html`<dd>${matter.delay}</dd>`]}
      ${matter.reply && [html`<dt>答复</dt>`, html`<dd class="letter">${matter.reply}</dd>`,
        html`<dt>办理结果</dt>`, html`<dd>${OUTCOMES[matter.outcome] ?? "—"}，${day(matter.replied_at)}</dd>`]}
      ${matter.ground && [html`<dt>依据</dt>`, html`<dd>${matter.ground}</dd>`]}
    </dl>
    ${matter.may_rate && rating(state, matter, rate)}
  </section>`)}
  <p class="buttons after"><${ElButton} size="large" onClick=${leave}>查询完毕</><span class="hint">在公用电脑上查询的，看完请按“查询完毕”。</span></p>
</div>`;
Found.props = ["state", "rate", "leave"];

function ratingOf(state, matter) {
  state.ratings[matter.number] ??= { solved: null, satisfaction: null, comment: "" };
  return state.ratings[matter.number];
}

function rating(state, matter, rate) {
  const given = ratingOf(state, matter);
  return html`<div class="rating">
    <h3>请您评价</h3>
    <p id=${`solved-${matter.number}`}>问题解决了吗？</p>
    <${ElRadioGroup} aria-label="问题解决了吗" ...${bind(given, "solved")}><${ElRadio} value=${true}>已经解决</><${ElRadio} value=${false}>没有解决</></>
    <p>对答复满意吗？</p>
    <${ElRadioGroup} aria-label="对答复满意吗" ...${bind(given, "satisfaction")}>${Object.entries(SATISFACTIONS).reverse().map(([level, word]) => html`<${ElRadio} key=${level} value=${Number(level)}>${word}</>`)}</>
    <${ElInput} type="textarea" rows=${3} maxlength="2000" aria-label="想说的话" placeholder="想说的话（可不填）" ...${bind(given, "comment")} />
    ${given.solved === false && html`<p class="hint">提交后，这件事会退回重新办理，办好后再答复您。</p>`}
    <${ElButton} type="primary" size="large" disabled=${given.solved === null || given.satisfaction === null} loading=${state.busy} onClick=${() => rate(matter)}>提交评价</>
  </div>`;
}
