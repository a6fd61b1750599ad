// The review line: chosen on the curve of coverage against accuracy, tried, then in force.

import { ElButton, ElInputNumber, ElSlider } from "element-plus";
import { reactive, watch } from "vue";
import { get, post, put, remove } from "../../../api.js";
import { count, percent, time } from "../../../format.js";
import { bind, html } from "../../../html.js";
import { actorName } from "../../../names.js";
import { Chart } from "../../../parts/chart.js";
import { confirm } from "../../../parts/dialogs.js";
import { told, useAction } from "../../../parts/failure.js";
import { Loaded } from "../../../parts/frame.js";
import { useLoad } from "../../../parts/load.js";
import { Table } from "../../../parts/table.js";
import { Trial } from "../../../parts/trial.js";
import { loadPeople } from "../../../reference.js";

const [LEAST, MOST] = [0.5, 0.9999];
const FEW = 200; // below it a share of the own submissions says little

export const ReviewLine = {
  setup() {
    const file = useLoad((signal) => get("/v1/review-line", {}, { signal }));
    const people = useLoad(loadPeople);
    const form = reactive({ line: null, trial: null, tried: null });
    watch(() => file.data, (data, before) => {
      if (!data) return;
      if (form.line === null || (before && form.line === round(before.line))) form.line = round(data.line); // what one chose stays
      Object.assign(form, { trial: null, tried: null });
    });

    const attemptTrial = useAction(async () => {
      const { line } = form;
      form.trial = await post("/v1/review-line:try", { line });
      form.tried = line;
    });
    const save = useAction(async () => {
      if (!await confirm(`把握低于 ${percent(form.line, 1)} 的先由人复核。只管以后的来件。`, "复核线生效", { yes: "生效" })) return;
      file.data = { ...file.data, ...await put("/v1/review-line", { line: form.line, version: file.data.version }), own: file.data.own };
      told("复核线已经生效");
    }, { reload: file.reload });
    const goBack = useAction(async () => {
      if (!await confirm(`改回模型自带的 ${percent(file.data.shipped, 1)}。`, "用模型自带的线", { yes: "改回" })) return;
      file.data = { ...file.data, ...await remove(`/v1/review-line?version=${encodeURIComponent(file.data.version)}`), own: file.data.own };
      form.line = round(file.data.line);
      told("已经改回");
    }, { reload: file.reload });
    const isChanged = () => form.line !== null && form.line !== round(file.data.line);
    const pick = (point) => { if (typeof point?.data?.line === "number") form.line = point.data.line; };

    const body = () => {
      const { line, shipped, version, own, card } = file.data;
      const judged = own[0]?.submissions ?? 0;
      return html`<div>
        <section class="panel" aria-label="复核线">
          <div class="panel-head"><h2>复核线</h2><span>现行 <b class="number">${percent(line, 1)}</b></span><span class="muted">模型自带 ${percent(shipped, 1)}${version && `，${actorName(file.data.changed_by, people.data ?? {})} ${time(file.data.changed_at)} 改过`}</span></div>
          <div class="line-choice">
            <${ElSlider} min=${LEAST} max=${MOST} step=${0.001} showTooltip=${false} ariaLabel="复核线" ...${bind(form, "line")} />
            <${ElInputNumber} min=${LEAST} max=${MOST} step=${0.01} precision=${4} ariaLabel="复核线的值" controlsPosition="right" ...${bind(form, "line")} />
            <${ElButton} loading=${attemptTrial.busy} disabled=${!isChanged()} onClick=${attemptTrial.run}>试算</>
            <${ElButton} type="primary" loading=${save.busy} disabled=${!isChanged() || form.tried !== form.line} onClick=${save.run}>生效</>
            ${version && html`<${ElButton} loading=${goBack.busy} onClick=${goBack.run}>用模型自带的</>`}
          </div>
          <p class="muted">把握低于 ${percent(form.line, 1)} 的先由人复核。${said(own, form.line)}${isChanged() && form.tried !== form.line ? "先试算，再生效。" : ""}</p>
          ${form.trial && html`<div class="above-gap">${form.tried !== form.line && html`<p class="note warn">下面是 ${percent(form.tried, 1)} 的试算；线又改过，请再试算。</p>`}<${Trial} trial=${form.trial} /></div>`}
        </section>
        <section class="panel" aria-label="覆盖率和准确率"><div class="panel-head"><h2>覆盖率和准确率</h2><span class="muted">横轴：不经复核直接交办的占比；纵轴：其中一级领域对的。点图上一点，就选那条线</span></div>
          ${judged > 0 && judged < FEW && html`<p class="note warn">本地近 90 天只有 ${count(judged)} 件可算，比率仅供参考；先看模型卡上的。</p>`}
          ${own.length + card.length > 0 ? html`<${Chart} label="各条复核线的覆盖率和准确率" height="300px" picture="复核线" option=${(colours) => draw(colours, file.data, form.line)} onPick=${pick} />` : html`<p class="muted">还没有可画的数。</p>`}
          <p class="muted">本地的一线由近 90 天的来件算出，没有人复核过的算对，复核得少时准确率偏高；模型卡上的几点由模型没有见过的来件测出。</p>
          ${own.length > 0 && html`<details><summary>各条线的数</summary><div class="table-box"><${Table} lines=${own} columns=${COLUMNS} rowKey=${(point) => point.line} /></div></details>`}
        </section>
      </div>`;
    };
    return () => html`<${Loaded} load=${file}>${body}</>`;
  },
};

const COLUMNS = [
  { key: "line", name: "复核线", right: true, cell: (point) => percent(point.line, 1) },
  { key: "coverage", name: "直接交办的占比", right: true, cell: (point) => percent(point.coverage, 1) },
  { key: "accuracy", name: "其中一级领域对的", right: true, cell: (point) => percent(point.accuracy, 1) },
  { key: "count", name: "直接交办的件数", right: true, cell: (point) => count(point.submissions) },
];

const round = (line) => Math.round(line * 10_000) / 10_000;

// What the nearest line of the own curve gave.
function said(own, line) {
  if (!own.length || line === null) return "";
  const near = own.reduce((best, point) => (Math.abs(point.line - line) < Math.abs(best.line - line) ? point : best));
  return `近 90 天按 ${percent(near.line, 1)} 算，直接交办 ${percent(near.coverage, 1)}（${count(near.submissions)} 件），其中一级领域对的 ${percent(near.accuracy, 1)}。`;
}

function draw(colours, { own, card, line: current }, line) {
  const points = (curve) => curve.filter((point) => point.accuracy !== null).map((point) => ({ value: [100 * point.coverage, 100 * point.accuracy], line: point.line, submissions: point.submissions }));
  const near = own.length ? own.reduce((best, point) => (Math.abs(point.line - line) < Math.abs(best.line - line) ? point : best)) : null;
  const least = Math.min(...[...own, ...card].map((point) => point.accuracy ?? 1));
  return {
    legend: { left: 96 },
    grid: { left: 12, right: 30, top: 34, bottom: 28, containLabel: true },
    tooltip: { trigger: "item", formatter: ({ data, seriesName }) => [seriesName, data.line === null ? null : `复核线 ${percent(data.line, 1)}`, `直接交办 ${data.value[0].toFixed(1)}%`, `一级领域对的 ${data.value[1].toFixed(1)}%`, data.submissions === null ? null : `${count(data.submissions)} 件`].filter(Boolean).join("\n") },
    xAxis: { type: "value", name: "直接交办的占比（%）", nameLocation: "middle", nameGap: 26, min: 0, max: 100 },
    yAxis: { type: "value", name: "准确率（%）", min: Math.max(0, Math.floor(10 * least - 0.5) * 10), max: 100 },
    series: [
      { name: "本地近 90 天", type: "line", data: points(own), symbolSize: 7, symbol: "circle" },
      { name: "模型卡", type: "line", data: points(card), symbol: "diamond", symbolSize: 10, lineStyle: { type: "dashed" } },
      ...(near?.accuracy == null ? [] : [{ name: line === round(current) ? "现行" : "所选", type: "scatter", symbol: "circle", symbolSize: 14, itemStyle: { color: "transparent", borderColor: colours.danger, borderWidth: 2 }, data: points([near]) }]),
    ],
  };
}
