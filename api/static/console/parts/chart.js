// A chart: drawn by ECharts, which comes when the first one is shown; follows light and dark.

import { onBeforeUnmount, onMounted, ref, watch } from "vue";
import { save } from "../api.js";
import { html } from "../html.js";

const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The colours of the style sheet, for an option that names its own.
export const palette = () => ({
  text: variable("--text"), soft: variable("--soft"), faint: variable("--faint"), line: variable("--line"), panel: variable("--panel"),
  accent: variable("--accent"), danger: variable("--danger"), warn: variable("--warn"), good: variable("--good"), wait: variable("--wait"), calm: variable("--calm"),
  series: variable("--series").split(" "),
});

// html`<${Chart} label="近30天来件" option=${(colours) => ({ xAxis: …, series: … })} height="260px" onPick=${(part) => …} />`
// `label` says what is shown to those who cannot see it; `picture` as a file name offers the PNG.
export const Chart = {
  props: ["option", "label", "height", "picture"],
  emits: ["pick"],
  setup(props, { emit }) {
    const box = ref(null);
    let drawn = null;
    const resize = new ResizeObserver(() => drawn?.resize());

    async function draw() {
      const { init } = await import("echarts");
      if (!box.value) return;
      if (!drawn) {
        drawn = init(box.value, null, { renderer: "canvas" });
        drawn.on("click", (part) => emit("pick", part));
      }
      drawn.setOption(complete(props.option), { notMerge: true });
    }
    const savePicture = async () => {
      const address = drawn.getDataURL({ pixelRatio: 2, backgroundColor: palette().panel });
      const bytes = Uint8Array.from(atob(address.split(",")[1]), (one) => one.charCodeAt(0));
      save(new Blob([bytes], { type: "image/png" }), `${props.picture}.png`);
    };

    onMounted(() => {
      draw();
      resize.observe(box.value);
      addEventListener("themechange", draw);
    });
    onBeforeUnmount(() => {
      resize.disconnect();
      removeEventListener("themechange", draw);
      drawn?.dispose();
    });
    watch(() => props.option, draw);
    return () => html`<div>
      <div ref=${box} class="chart" role="img" aria-label=${props.label} style=${{ height: props.height }}></div>
      ${props.picture && html`<div class="no-print"><button type="button" class="plain about" onClick=${savePicture}>存为图片</button></div>`}
    </div>`;
  },
};

function complete(option) {
  const colours = palette();
  const told = typeof option === "function" ? option(colours) : option;
  return {
    animationDuration: 200,
    color: colours.series,
    grid: { left: 8, right: 16, top: 30, bottom: 8, containLabel: true },
    ...told,
    textStyle: { color: colours.text, fontFamily: getComputedStyle(document.body).fontFamily },
    legend: told.legend && { textStyle: { color: colours.soft }, itemWidth: 12, itemHeight: 10, top: 0, ...told.legend },
    xAxis: axes(told.xAxis, colours),
    yAxis: axes(told.yAxis, colours),
    // Markup in tooltips would need inline styles, which the policy forbids.
    tooltip: { renderMode: "richText", confine: true, backgroundColor: colours.panel, borderColor: colours.line, textStyle: { color: colours.text, fontSize: 12 }, ...told.tooltip },
  };
}

function axes(told, colours) {
  if (!told) return told;
  const one = (axis) => ({
    ...axis,
    axisLabel: { color: colours.soft, hideOverlap: true, ...axis.axisLabel },
    axisLine: { lineStyle: { color: colours.line }, ...axis.axisLine },
    splitLine: { lineStyle: { color: colours.line }, ...axis.splitLine },
    nameTextStyle: { color: colours.faint },
  });
  return Array.isArray(told) ? told.map(one) : one(told);
}
