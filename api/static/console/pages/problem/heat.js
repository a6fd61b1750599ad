// How hot a problem is, and what the points are given for; the parts add up to the whole.

import { html } from "../../html.js";
import { PART_NAMES } from "../problems/hottest.js";

const MOST = { reporters: 45, urgency: 20, growth: 20, likes: 15 };

export const HeatPanel = ({ problem }) => html`<section class="panel">
  <div class="panel-head"><h2>热度</h2><b class="heat-figure number">${problem.heat.toFixed(1)}</b><span class="muted">满分 100</span></div>
  <table class="heat-parts"><tbody>${problem.heat_parts.map((part) => html`<tr key=${part.name}>
    <th scope="row">${PART_NAMES[part.name] ?? part.name}</th>
    <td class="bar"><span class=${`track ${part.points < 0 ? "cool" : ""}`}><span style=${{ width: `${width(part)}%` }}></span></span></td>
    <td class="number right">${part.points.toFixed(1)}<span class="muted">${MOST[part.name] ? ` / ${MOST[part.name]}` : ""}</span></td>
    <td class="muted">${part.says}</td>
  </tr>`)}</tbody></table>
</section>`;
HeatPanel.props = ["problem"];

const width = (part) => Math.min(100, (100 * Math.abs(part.points)) / (MOST[part.name] ?? 45));
