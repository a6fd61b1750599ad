// The same kind of trouble in many places: themes by divisions, the darker the more problems.

import { get } from "../../api.js";
import { count } from "../../format.js";
import { html } from "../../html.js";
import { Loaded } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { State } from "../../parts/state.js";
import { link } from "../../router.js";

const MOST_DIVISIONS = 14; // columns; what is left out is counted in one more

export const Themes = {
  setup() {
    const load = useLoad((signal) => get("/v1/themes", {}, { signal }));
    return () => html`<${Loaded} load=${load}>${() => (load.data.themes.length
      ? html`<${ThemeGrid} ...${load.data} />`
      : html`<div class="panel"><${State} kind="empty" title="还没有主题" text="有了共性问题，同一种毛病就归成主题，在这里看哪些地方都有。" /></div>`)}</>`;
  },
};

const ThemeGrid = ({ themes, divisions }) => {
  const totals = {};
  for (const theme of themes) for (const [code, number] of Object.entries(theme.divisions)) totals[code] = (totals[code] ?? 0) + number;
  const codes = Object.keys(totals).sort((one, other) => totals[other] - totals[one] || one.localeCompare(other));
  const shown = codes.slice(0, MOST_DIVISIONS);
  const rest = codes.slice(MOST_DIVISIONS);
  const most = Math.max(4, ...themes.flatMap((theme) => Object.values(theme.divisions)));
  return html`<div class="table-box"><div class="table-scroll whole" tabindex="0" role="region" aria-label="主题与区划">
    <table class="grid-map">
      <thead><tr><th scope="col" class="first">主题</th><th scope="col">问题</th><th scope="col">来件</th><th scope="col">反映人</th>
        ${shown.map((code) => html`<th key=${code} scope="col"><a href=${link("/problems", { division: code })}>${divisions[code] ?? code}</a></th>`)}
        ${rest.length > 0 && html`<th scope="col" title=${rest.map((code) => divisions[code]).join("、")}>其余 ${rest.length} 处</th>`}
      </tr></thead>
      <tbody>${themes.map((theme) => html`<tr key=${theme.key}>
        <th scope="row" class="first"><a href=${link("/problems", { theme: theme.key })}>${theme.name}</a><span class="excerpt" title=${theme.hottest.map((one) => one.name).join("\n")}>最热：${theme.hottest[0]?.name}</span></th>
        <td class="number">${count(theme.problems)}</td><td class="number">${count(theme.size)}</td><td class="number">${count(theme.reporters)}</td>
        ${shown.map((code) => square(theme, code, divisions[code] ?? code, most))}
        ${rest.length > 0 && html`<td class="number">${count(rest.reduce((sum, code) => sum + (theme.divisions[code] ?? 0), 0))}</td>`}
      </tr>`)}</tbody>
    </table></div>
    <div class="table-foot"><span>格中是该区划有几个共性问题，点开看是哪些</span><span class="grow"></span><span class="grid-key" aria-hidden="true">少 <i class="level-1"></i><i class="level-2"></i><i class="level-3"></i><i class="level-4"></i> 多</span></div>
  </div>`;
};
ThemeGrid.props = ["themes", "divisions"];

function square(theme, code, name, most) {
  const number = theme.divisions[code] ?? 0;
  if (!number) return html`<td key=${code} class="none"><span class="muted">·</span></td>`;
  return html`<td key=${code} class=${`level-${Math.ceil((4 * number) / most)}`}><a href=${link("/problems", { theme: theme.key, division: code })} aria-label=${`${name}：${theme.name} ${number} 个问题`}>${number}</a></td>`;
}
