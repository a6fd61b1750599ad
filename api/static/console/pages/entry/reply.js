// 写回告: the editor, with what is thought of it as one writes, and how the like was answered.

import { ElButton, ElForm, ElFormItem, ElInput, ElRadio, ElRadioGroup } from "element-plus";
import { onMounted, onScopeDispose, reactive, ref, watch } from "vue";
import { get, isAborted, post } from "../../api.js";
import { day, percent, tag } from "../../format.js";
import { bind, html } from "../../html.js";
import { OUTCOMES } from "../../names.js";
import { confirm } from "../../parts/dialogs.js";
import { told, useAction } from "../../parts/failure.js";
import { Loaded } from "../../parts/frame.js";
import { useLoad, usePause } from "../../parts/load.js";
import { link } from "../../router.js";
import { may } from "../../session.js";
import { Quality } from "./replies.js";

const LEAST = 10; // characters before there is anything to say about a reply

// `draft` { text, outcome, ground } belongs to the page, so that closing the editor loses nothing.
export const ReplyEditor = {
  props: ["file", "draft", "reload"],
  emits: ["done", "close"],
  setup(props, { emit }) {
    const { draft } = props;
    const state = reactive({ advice: null, stale: false, wrong: {} });
    const box = ref(null);
    let asking = null;
    const assess = usePause(async () => {
      asking?.abort();
      if (draft.text.trim().length < LEAST) { state.advice = null; return; }
      asking = new AbortController();
      const [{ title, content, received_at, recorded_at }] = props.file.submissions;
      try {
        state.advice = await post("/v1/replies:assess", { title, content, reply: draft.text, received_at: received_at ?? recorded_at, replied_at: new Date().toISOString() }, { signal: asking.signal });
        state.stale = false;
      } catch (error) {
        if (!isAborted(error)) state.stale = true; // advice only: writing goes on without it
      }
    }, 600);
    watch(() => draft.text, assess, { immediate: may("suggest") });
    onScopeDispose(() => asking?.abort());
    onMounted(() => {
      box.value.scrollIntoView({ block: "nearest" });
      box.value.querySelector("textarea").focus({ preventScroll: true });
    });

    async function begin(one) {
      if (draft.text.trim() && !await confirm("已写的内容会换成这份答复。", "用作底稿", { yes: "换成它" })) return;
      draft.text = one.reply;
    }
    const check = () => {
      state.wrong = {};
      if (!draft.text.trim()) state.wrong.text = "请填写回告内容";
      if (!draft.outcome) state.wrong.outcome = "请选择办理结果";
      if (draft.outcome === "not_supported" && !draft.ground.trim()) state.wrong.ground = "不予支持的，请写明所依据的法律、法规或政策";
      return Object.keys(state.wrong).length === 0;
    };
    const send = useAction(async () => {
      if (!check()) return;
      const warned = state.advice?.perfunctory ? "系统提示疑似敷衍。" : "";
      if (!await confirm(`${warned}回告后，每一位反映人都能看到，不能再改。`, "发出回告", { yes: "发出" })) return;
      const { entry } = props.file;
      await post(`/v1/entries/${entry.id}/reply`, { version: entry.version, text: draft.text, outcome: draft.outcome, ...(draft.ground.trim() ? { ground: draft.ground } : {}) });
      await props.reload();
      told("回告已经发出，时限停在此刻");
      emit("done");
    }, { reload: props.reload });

    return () => html`<section ref=${box} class="panel" aria-label="写回告">
      <div class="panel-head"><h2>写回告</h2><span class="grow"></span><${ElButton} size="small" onClick=${() => emit("close")}>收起</></div>
      <div class="writing">
        <${ElForm} labelPosition="top" onSubmit=${(event) => { event.preventDefault(); send.run(); }}>
          <${ElFormItem} label="回告内容" for="reply-text" error=${state.wrong.text} required><${ElInput} id="reply-text" type="textarea" maxlength="20000" showWordLimit autosize=${{ minRows: 9, maxRows: 24 }}
            placeholder="查明了什么、依据什么、已经或将要怎样办、何时办好、找谁联系" ...${bind(draft, "text")} /></>
          <${ElFormItem} label="办理结果" error=${state.wrong.outcome} required><${ElRadioGroup} aria-label="办理结果" ...${bind(draft, "outcome")}>${Object.entries(OUTCOMES).map(([code, name]) => html`<${ElRadio} key=${code} value=${code}>${name}</>`)}</></>
          <${ElFormItem} label="依据" for="reply-ground" error=${state.wrong.ground} required=${draft.outcome === "not_supported"}><${ElInput} id="reply-ground" maxlength="2000" placeholder="法律、法规、政策的名称和条款" ...${bind(draft, "ground")} /></>
          <${ElButton} type="primary" nativeType="submit" loading=${send.busy}>发出回告</>
        </>
        <${Advice} state=${state} typed=${draft.text.trim().length} />
      </div>
      <${Similar} entry=${props.file.entry} onPick=${begin} />
    </section>`;
  },
};

const Advice = ({ state, typed }) => html`<aside class="advice" aria-label="质量提示" aria-live="polite">
  <h3>质量提示</h3>
  ${state.stale && html`<p class="hint">提示暂时没有更新，不影响发出</p>`}
  ${state.advice === null ? html`<p class="hint">${typed < LEAST ? "写上几句，这里就说说写得怎样：有没有回应诉求、写没写依据和措施。只供参考，不拦发送。" : "正在看…"}</p>` : html`<div>
    ${state.advice.requests.length > 0 && html`<p class="hint">来件中的诉求</p><ul class="reasons">${state.advice.requests.map((one, at) => html`<li key=${at} class=${one.answered ? "" : "tone-warn"}>${one.answered ? "已回应" : "还没回应"}：${one.text}</li>`)}</ul>`}
    <${Quality} quality=${state.advice} />
  </div>`}
</aside>`;
Advice.props = ["state", "typed"];

// How the like was answered: to start from, not to copy.
const Similar = {
  props: ["entry"],
  emits: ["pick"],
  setup(props, { emit }) {
    const found = useLoad((signal) => get(`/v1/entries/${props.entry.id}/similar`, {}, { signal }), () => props.entry.id);
    return () => html`<div class="similar"><h3>类似条目的答复</h3><${Loaded} load=${found}>${() => (found.data.length === 0 ? html`<p class="hint">看得到的范围内还没有答复过的同类条目</p>` : found.data.map((one) => html`<details key=${one.entry_id}>
      <summary><span>${one.title || one.excerpt}</span> ${tag(one.outcome_name, one.outcome === "solved" ? "good" : "work")} <span class="muted number">相像 ${percent(one.likeness)}，${one.department_name}，${day(one.replied_at)}${one.solved ? "，反映人说已解决" : ""}</span></summary>
      <p class="letter">${one.reply}</p>
      <div class="buttons"><${ElButton} size="small" onClick=${() => emit("pick", one)}>用作底稿</><a href=${link(`/entries/${one.entry_id}`)} target="_blank" rel="noopener">条目 ${one.entry_id}</a><span class="hint">请按本件实际改写，照抄会被督查发现</span></div>
    </details>`))}</></div>`;
  },
};
