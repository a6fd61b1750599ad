// The map: a tile for each division with its counts, no online map needed; or the town's own shapes.

import { ElButton, ElOption, ElSelect } from "element-plus";
import { reactive, shallowRef, watch } from "vue";
import { get } from "../../api.js";
import { count } from "../../format.js";
import { html } from "../../html.js";
import { Chart } from "../../parts/chart.js";
import { Filters, asked } from "../../parts/filters.js";
import { Loaded } from "../../parts/frame.js";
import { report } from "../../parts/failure.js";
import { useLoad } from "../../parts/load.js";
import { State } from "../../parts/state.js";
import { link, refine, route } from "../../router.js";

const MEASURES = { problems: "共性问题", entries: "台账条目", open: "在办", overdue: "已超期" };
const UNITS = { problems: "个", entries: "条", open: "条", overdue: "条" };
const FIELDS = [
  { key: "domain", name: "领域", kind: "domain" },
  { key: "urgency", name: "紧急程度", kind: "select", options: { 1: "特急", 2: "紧急", 3: "较急", 4: "一般" } },
  { key: "department", name: "责任单位", kind: "department" },
  { key: "days", name: "交办日期", kind: "days" },
];
const OWN = "town"; // the name under which the town's shapes are known to the chart library

export const DivisionMap = {
  setup() {
    const map = useLoad((signal) => loadMap(signal), () => JSON.stringify([asked(FIELDS), route.query.under]));
    const state = reactive({ own: false });
    const shapes = shallowRef(null); // codes of the town's own shapes, once they are there
    watch(() => map.data?.shapes, async (there) => {
      if (!there || shapes.value) return;
      try {
        const [told, { registerMap }] = await Promise.all([get("/v1/map/shapes"), import("echarts")]);
        registerMap(OWN, { ...told, features: told.features.map((one) => ({ ...one, properties: { ...one.properties, name: one.properties.code } })) });
        shapes.value = new Map(told.features.map((one) => [one.properties.code, one.properties.name]));
      } catch (error) {
        report(error);
      }
    });
    const measure = () => {
      const chosen = route.query.by ?? "problems";
      return chosen === "problems" && map.data?.tiles.some((tile) => tile.problems === null) ? "entries" : chosen;
    };
    const measures = () => Object.entries(MEASURES).filter(([key]) => key !== "problems" || !map.data?.tiles.some((tile) => tile.problems === null));
    return () => html`<div>
      <${Filters} fields=${FIELDS}>
        <div class="field"><span>看什么</span><${ElSelect} ariaLabel="看什么" modelValue=${measure()} onChange=${(by) => refine({ by }, { replace: true })}>
          ${measures().map(([key, name]) => html`<${ElOption} key=${key} value=${key} label=${name} />`)}
        </></div>
        ${shapes.value && html`<${ElButton} onClick=${() => { state.own = !state.own; }}>${state.own ? "看方块图" : "看本地地图"}</>`}
      </>
      <${Loaded} load=${map}>${() => html`<section class="panel">
        <div class="panel-head"><${Path} map=${map.data} /><span class="grow"></span><span class="muted">${outside(map.data)}</span></div>
        ${map.data.tiles.length === 0 ? html`<${State} kind="empty" title="没有下级区划" text="点上面的路径返回。" />`
          : state.own ? html`<${Shapes} map=${map.data} measure=${measure()} names=${shapes.value} />` : html`<${Tiles} map=${map.data} measure=${measure()} />`}
      </section>`}</>
    </div>`;
  },
};

// The map, and beside the codes of its path their names.
async function loadMap(signal) {
  const map = await get("/v1/map", { ...asked(FIELDS), under: route.query.under }, { signal });
  const above = map.under ? (await get(`/v1/divisions/${map.under}`, {}, { signal })).path : [];
  return { ...map, above };
}

const kept = () => ({ ...route.query, cursor: "" });
const into = (code) => link(route.path, { ...kept(), under: code });

// 起点 › 湖南省 › 长沙市, each a way back; the map begins where the entries lie.
const Path = ({ map }) => html`<h2 class="map-path">
  ${route.query.under && [html`<a href=${into("")} title="条目所集中的地方">起点</a>`, " › "]}
  ${map.above.length === 0 ? "全国" : map.above.map((one, at) => (at === map.above.length - 1 ? one.name : [html`<a key=${one.code} href=${into(one.code)}>${one.name}</a>`, " › "]))}
</h2>`;
Path.props = ["map"];

function outside({ here, elsewhere, unplaced }) {
  return [[here, "没有细到下级"], [elsewhere, "在别处"], [unplaced, "没有写明区划"]].filter(([number]) => number).map(([number, says]) => `${count(number)} 条${says}`).join("，");
}

const levelOf = (value, most) => (value ? Math.ceil((4 * value) / most) : 0);

const Tiles = ({ map, measure }) => {
  const most = Math.max(4, ...map.tiles.map((tile) => tile[measure]));
  return html`<div class="tiles-box"><div class="tiles" role="list" aria-label=${`${map.name}各区划的${MEASURES[measure]}`} style=${{ gridTemplateColumns: `repeat(${map.columns}, minmax(92px, 180px))` }}>
    ${map.tiles.map((tile) => html`<div key=${tile.code} role="listitem" class=${`tile level-${levelOf(tile[measure], most)}`} style=${{ gridRow: tile.row + 1, gridColumn: tile.column + 1 }}
      title=${`${tile.name}：${tile.problems === null ? "" : `共性问题 ${tile.problems} 个，`}台账 ${tile.entries} 条，在办 ${tile.open} 条，超期 ${tile.overdue} 条`}>
      <span class="name">${tile.below > 0 ? html`<a href=${into(tile.code)}>${tile.name}</a>` : tile.name}</span>
      <a class="number" href=${opens(tile, measure)} aria-label=${`${tile.name}${MEASURES[measure]} ${tile[measure]} ${UNITS[measure]}`}>${count(tile[measure])}</a>
      ${measure !== "overdue" && tile.overdue > 0 && html`<span class="late">超期 ${count(tile.overdue)}</span>`}
    </div>`)}
  </div></div>
  <p class="hint">点名称看它的下级，点数字看是哪些；颜色越深越多。</p>`;
};
Tiles.props = ["map", "measure"];

function opens(tile, measure) {
  if (measure === "problems") return link("/problems", { division: tile.code });
  const standing = { open: "open", overdue: "overdue" }[measure];
  return link("/ledgers", { division: tile.code, standing, domain: route.query.domain, urgency: route.query.urgency, department: route.query.department, since: route.query.since, until: route.query.until });
}

// Where a shape is of a division that has no tile here, it stays pale.
const Shapes = ({ map, measure, names }) => {
  const values = new Map(map.tiles.map((tile) => [tile.code, tile]));
  const most = Math.max(4, ...map.tiles.map((tile) => tile[measure]));
  const option = (colours) => ({
    visualMap: { min: 0, max: most, calculable: false, left: 8, bottom: 8, textStyle: { color: colours.soft }, text: ["多", "少"], inRange: { color: [colours.panel, colours.accent] } },
    tooltip: { formatter: ({ name }) => `${names.get(name) ?? name}：${MEASURES[measure]} ${count(values.get(name)?.[measure] ?? 0)} ${UNITS[measure]}` },
    series: [{
      type: "map", map: OWN, roam: true, selectedMode: false,
      itemStyle: { borderColor: colours.line, areaColor: colours.panel },
      emphasis: { itemStyle: { areaColor: colours.warn } },
      label: { show: true, color: colours.text, textBorderColor: colours.panel, textBorderWidth: 3, formatter: ({ name }) => names.get(name) ?? name },
      data: [...names.keys()].map((code) => ({ name: code, value: values.get(code)?.[measure] ?? 0 })),
    }],
  });
  return html`<${Chart} label=${`${map.name}地图：${MEASURES[measure]}`} picture=${`${map.name}-${MEASURES[measure]}`} height="520px" option=${option}
    onPick=${({ name }) => { if (values.has(name)) location.hash = opens(values.get(name), measure); }} />`;
};
Shapes.props = ["map", "measure", "names"];
