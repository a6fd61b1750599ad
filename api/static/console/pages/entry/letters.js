// What each reporter told, the entry's own submission first, with its evidence marked; and who they are.

import { html } from "../../html.js";
import { count, tag, time } from "../../format.js";
import { Letter } from "../../parts/letter.js";
import { Submitter } from "../../parts/submitter.js";
import { link } from "../../router.js";

const address = (submission) => `/submissions/${encodeURIComponent(submission.id)}`;

export const Letters = ({ file }) => {
  const [own, ...others] = file.submissions;
  return html`<section class="panel">
    <div class="panel-head"><h2>来件</h2><a href=${link(address(own))}>${own.id}</a>${own.channel && tag(own.channel)}<span class="muted number">${time(own.received_at ?? own.recorded_at)}</span></div>
    <${Letter} submission=${own} suggestion=${file.suggestion} />
    <h3 class="under">反映人</h3>
    <${Submitter} of=${`/v1${address(own)}`} masked=${file.submitter} />
  </section>
  ${others.length > 0 && html`<section class="panel"><div class="panel-head"><h2>并入的来件</h2><span class="muted">${count(others.length)} 件，反映人各得答复</span></div>
    ${others.map((one) => html`<details class="other-letter" key=${one.id}><summary>${one.title || one.content.slice(0, 40)} <span class="muted number">${one.channel ?? ""} ${time(one.received_at ?? one.recorded_at)}</span></summary>
      <${Letter} submission=${one} /><a href=${link(address(one))}>来件 ${one.id}</a></details>`)}
  </section>`}`;
};
Letters.props = ["file"];
