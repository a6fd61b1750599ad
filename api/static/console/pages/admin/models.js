// 模型: which model reads the submissions; each with its card and scores, compared, tried, switched.

import { ElButton, ElDialog } from "element-plus";
import { reactive } from "vue";
import { get, post, put, remove } from "../../api.js";
import { percent, size, tag, time } from "../../format.js";
import { html } from "../../html.js";
import { actorName } from "../../names.js";
import { confirm } from "../../parts/dialogs.js";
import { attempt, told, useAction } from "../../parts/failure.js";
import { Frame } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { Markdown } from "../../parts/markdown.js";
import { State } from "../../parts/state.js";
import { Table } from "../../parts/table.js";
import { Trial } from "../../parts/trial.js";
import { loadPeople } from "../../reference.js";

const HELP = `系统凭哪个模型给来件标领域、紧急程度、性质、标签。模型放在模型目录里，一个目录一个，各有模型卡：学了什么、有多准、何时不该用。
先看卡、比成绩，再用最近一个月的来件试算，看会有哪些不同；看过再切换。各进程随即重新载入，不用重启。
切换不改已有的台账。不合意就退回上一个。`;

// Which groups a card measures, the everyday ones first; and what of it is compared.
const SPLITS = { gold: "精标", natural: "日常来件", read: "另行通读", urgent: "紧急难件", doubtful: "存疑难件", seed: "自写短件", written: "自写来件" };
const SCORES = {
  n: "件数", level1: "一级领域", level2: "二级领域", level3: "三级领域", coverage_at_98: "准到 98% 时直接交办的",
  urgent_recall: "特急、紧急找到的", nature: "诉求性质", accusation_recall: "检举控告找到的", accusation_precision: "认作检举控告而属实的", calibration_error: "把握偏差",
};

export default {
  setup() {
    const file = useLoad((signal) => get("/v1/models", {}, { signal }));
    const people = useLoad(loadPeople);
    const state = reactive({ card: null, split: null, trial: null, tried: null, busy: null });

    const showCard = (model) => attempt(async () => { state.card = await get(`/v1/models/${encodeURIComponent(model.folder)}/card`); });
    const attemptTrial = useAction(async (model) => {
      state.busy = model.folder;
      try {
        state.trial = await post("/v1/models:try", { folder: model.folder });
        state.tried = model.folder;
      } finally {
        state.busy = null;
      }
    });
    const use = useAction(async (model, title = "切换模型") => {
      if (!await confirm(`以后的来件由“${model.id}”标注；已有的台账不变。`, title, { yes: title === "切换模型" ? "切换" : "退回" })) return;
      file.data = await put("/v1/models", { folder: model.folder, version: file.data.version });
      Object.assign(state, { trial: null, tried: null });
      told("已经换好，各进程随即重新载入");
    }, { reload: file.reload });
    const goBack = useAction(async () => {
      if (!await confirm("不再在这里指定，仍用服务设置里指明的模型。", "仍用设置里的模型", { yes: "改回" })) return;
      file.data = await remove(`/v1/models?version=${encodeURIComponent(file.data.version)}`);
      told("已经改回");
    }, { reload: file.reload });
    const previous = () => file.data?.models.find((model) => model.folder === file.data.previous && !model.in_use && !model.fault);
    const actions = () => file.data && [
      previous() && html`<${ElButton} onClick=${() => use.run(previous(), "退回上一个模型")}>退回 ${previous().id}</>`,
      file.data.version && html`<${ElButton} onClick=${goBack.run}>仍用设置里的</>`,
    ];
    const columns = () => [
      { key: "id", name: "模型", cell: (model) => html`<span><b>${model.id}</b>　${model.in_use && tag("在用", "good")}${model.fault && tag("不能用", "danger")}<br /><span class="muted">目录 ${model.folder}${model.fault ? `。${model.fault}` : ""}</span></span>` },
      { key: "created", name: "训练于", nowrap: true, cell: (model) => html`<span class="number">${model.created ?? "—"}</span>` },
      { key: "size", name: "大小", right: true, nowrap: true, cell: (model) => size(model.bytes) },
      { key: "act", name: "操作", nowrap: true, cell: (model) => html`<span class="buttons">
        ${!model.fault && html`<${ElButton} size="small" onClick=${() => showCard(model)}>模型卡</>`}
        ${!model.in_use && !model.fault && html`<${ElButton} size="small" loading=${state.busy === model.folder} disabled=${attemptTrial.busy && state.busy !== model.folder} onClick=${() => attemptTrial.run(model)}>试算</>`}
        ${!model.in_use && !model.fault && html`<${ElButton} size="small" type="primary" disabled=${state.tried !== model.folder} title=${state.tried === model.folder ? "" : "先试算"} onClick=${() => use.run(model)}>切换</>`}
      </span>` },
    ];
    const body = () => {
      const { models, version, changed_by: who, changed_at: at } = file.data;
      if (!models.length) return html`<div class="panel"><${State} kind="empty" title="模型目录中没有模型" text="把模型的目录放进模型目录，刷新后就在这里。" /></div>`;
      const tried = models.find((model) => model.folder === state.tried);
      return html`<div>
        ${version && html`<p class="note">${actorName(who, people.data ?? {})} ${time(at)} 在这里指定的</p>`}
        <div class="table-box"><div class="table-scroll whole"><${Table} lines=${models} columns=${columns()} rowKey=${(model) => model.folder} /></div></div>
        ${tried && html`<section class="panel" aria-label="试算"><div class="panel-head"><h2>试算：换成 ${tried.id}</h2></div><${Trial} trial=${state.trial} /></section>`}
        <${Scores} models=${models.filter((model) => Object.keys(model.scores).length)} />
        <${ElDialog} modelValue=${Boolean(state.card)} onUpdate:modelValue=${() => { state.card = null; }} title=${`模型卡：${state.card?.folder ?? ""}`} width="min(900px, calc(100vw - 24px))">${state.card && html`<${Markdown} text=${state.card.text} />`}</>
      </div>`;
    };
    return () => html`<${Frame} help=${HELP} load=${file} actions=${actions}>${body}</>`;
  },
};

// The models beside one another, by the groups that each was measured on.
const Scores = {
  props: ["models"],
  setup(props) {
    const state = reactive({ split: null });
    const splits = () => Object.keys(SPLITS).filter((split) => props.models.some((model) => model.scores[split]));
    const shown = () => state.split ?? splits()[0];
    const cell = (model, key) => {
      const value = model.scores[shown()]?.[key];
      if (value === undefined || value === null) return "—";
      return key === "n" ? value.toLocaleString("zh-CN") : percent(value, 1);
    };
    return () => splits().length > 0 && html`<section class="panel" aria-label="成绩"><div class="panel-head"><h2>成绩</h2><span class="grow"></span>
        <div class="buttons" role="group" aria-label="看哪一组">${splits().map((split) => html`<${ElButton} key=${split} size="small" type=${split === shown() ? "primary" : ""} aria-pressed=${split === shown()} onClick=${() => { state.split = split; }}>${SPLITS[split]}</>`)}</div></div>
      <div class="table-box"><div class="table-scroll whole"><${Table} lines=${Object.entries(SCORES)} rowKey=${([key]) => key} columns=${[
        { key: "score", name: "指标", nowrap: true, cell: ([, name]) => name },
        ...props.models.map((model) => ({ key: model.folder, name: model.id, right: true, cell: ([key]) => cell(model, key) })),
      ]} /></div></div>
      <p class="muted">每件由没有见过它的模型回答。“精标”“日常来件”是自然分布，最能说明日常；难件和自写的不代表日常。</p></section>`;
  },
};
