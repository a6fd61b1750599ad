// From where on each rule of the supervision list speaks (docs/findings.md; a test holds the names,
// the ranges and the defaults together).

import { ElButton, ElInputNumber } from "element-plus";
import { reactive, watch } from "vue";
import { get, patch } from "../../../api.js";
import { count } from "../../../format.js";
import { html } from "../../../html.js";
import { told, useAction } from "../../../parts/failure.js";
import { Loaded } from "../../../parts/frame.js";
import { useLoad } from "../../../parts/load.js";
import { useUnsaved } from "../../../parts/unsaved.js";

// [rule, [key, what it is, unit, least, most, usual]…]
export const GROUPS = [
  ["看多久", ["window_days", "看最近多少天的延期、停表、退回、回告、评价、走访", "天", 1, 3660, 90]],
  ["多次申请延期", ["extension_requests", "同一条目申请延期几次起列入", "次", 1, 20, 2]],
  ["多次停表、久停不办", ["pauses", "同一条目停表几次起列入", "次", 1, 20, 2], ["pause_days", "合计停了多少天起列入", "天", 1, 3660, 30]],
  ["多次退回、改派（推诿）", ["handovers", "退回、改派合计几次起列入", "次", 1, 20, 2]],
  ["回告雷同", ["copy_similarity", "相同的片段占多少起算雷同", "", 0.5, 1, 0.8], ["copy_length", "回告至少多少字才比", "字", 10, 1000, 40]],
  ["回告未触及诉求（敷衍）", ["reply_relevance", "针对性低于多少分算未触及诉求", "分", 0, 2, 0.5]],
  ["条目雷同且缺人、缺地、缺事（编造问题）", ["invented_copies", "雷同几条起列入", "条", 2, 1000, 3], ["invented_length", "标题和正文不足多少字算没有事由", "字", 0, 1000, 20]],
  ["邻近都有而此处没有（漏户漏项）", ["silent_days", "看最近多少天有没有条目", "天", 7, 3660, 90], ["silent_median", "邻居的中位数达到多少起列入", "条", 1, 100000, 10], ["silent_neighbours", "至少几个邻居才比", "个", 1, 1000, 3]],
  ["短期内多组走访同一户（扎堆扰民）", ["crowded_teams", "几个组起算扎堆", "个", 2, 100, 3], ["crowded_days", "多少天之内", "天", 1, 366, 7]],
  ["共性问题没有任务", ["problem_entries", "多少条起算共性问题", "条", 2, 100000, 5], ["problem_days", "多少天之内", "天", 1, 3660, 30]],
  ["任务没有效果", ["effect_grace_days", "任务过了时限再等多少天", "天", 0, 3660, 0]],
];
export const THRESHOLD_NAMES = Object.fromEntries(GROUPS.flatMap(([, ...fields]) => fields.map(([key, what]) => [key, what])));
const FRACTIONS = new Set(["copy_similarity", "reply_relevance"]);

export const FindingLines = {
  setup() {
    const file = useLoad((signal) => get("/v1/findings/thresholds", {}, { signal }));
    const form = reactive({ values: {} });
    watch(() => file.data, (data) => { if (data) form.values = { ...data }; });
    const changed = () => Object.entries(form.values).filter(([key, value]) => file.data && value !== file.data[key]);
    useUnsaved(() => changed().length > 0);
    const save = useAction(async () => {
      file.data = await patch("/v1/findings/thresholds", Object.fromEntries(changed()));
      told("已经保存，下次查找时用；已有的监督事项不变");
    });
    const field = ([key, what, unit, least, most, usual]) => html`<div key=${key} class=${{ threshold: true, changed: form.values[key] !== file.data[key] }}>
      <label for=${key}>${what}</label>
      <span class="buttons"><${ElInputNumber} id=${key} min=${least} max=${most} step=${FRACTIONS.has(key) ? 0.05 : 1} stepStrictly=${!FRACTIONS.has(key)} precision=${FRACTIONS.has(key) ? 2 : 0} controlsPosition="right"
        modelValue=${form.values[key]} onUpdate:modelValue=${(value) => { form.values[key] = value ?? file.data[key]; }} /><span>${unit}</span><span class="grow"></span><span class="hint">缺省 ${usual}，可填 ${least} 到 ${count(most)}</span></span></div>`;
    const body = () => html`<div>
      <div class="changes">${changed().length ? html`<span class="note warn">改了 ${changed().length} 项，还没有保存</span>` : html`<span class="muted">每天清早查一遍；督查员也可以随时查。</span>`}<span class="grow"></span>
        <${ElButton} disabled=${!changed().length} onClick=${() => { form.values = { ...file.data }; }}>放弃改动</>
        <${ElButton} type="primary" loading=${save.busy} disabled=${!changed().length} onClick=${save.run}>保存</></div>
      <div class="columns">${GROUPS.map(([rule, ...fields]) => html`<section class="panel" key=${rule} aria-label=${rule}><div class="panel-head"><h2>${rule}</h2></div>${fields.map(field)}</section>`)}</div>
    </div>`;
    return () => html`<${Loaded} load=${file}>${body}</>`;
  },
};
