// The receipt of a submission: what the submitter takes home, with the code to look it up by.

import { ElButton } from "element-plus";
import { time } from "../../format.js";
import { html } from "../../html.js";
import { Icon } from "../../parts/icon.js";
import { link } from "../../router.js";
import { may, session } from "../../session.js";

const DESTINATIONS = { ledger: "已交办", review: "待人工复核", discipline: "已转纪检" };

// The whole of it where it is short, for the submitter knows what they told.
const aboutOf = ({ title, content }) => title || (content.length > 60 ? `${content.slice(0, 60)}…` : content);

function tailOf(form) {
  if (form.phone) return "查询码和电话后四位";
  return form.id_number ? "查询码和证件号后四位" : "查询码";
}

// html`<${Receipt} saved=${{ answer, form, department }} onAgain=${…} />`
export const Receipt = (props, { emit }) => {
  const { answer, department, form } = props.saved;
  const { submission } = answer;
  return html`<div>
    <div class="note good no-print" role="status">
      <b>已登记，${DESTINATIONS[answer.destination]}${department ? `给${department}` : ""}</b>
      ${answer.notice && html`<div>${answer.notice}</div>`}
      <div class="buttons after">
        <${ElButton} type="primary" onClick=${() => print()}><${Icon} name="print" /> 打印回执</>
        <${ElButton} onClick=${() => emit("again")}>登记下一件</>
        ${answer.entry && html`<a href=${link(`/entries/${answer.entry.id}`)}>看台账条目</a>`}
        ${answer.destination === "review" && may("decide") && html`<a href=${link("/review", { id: submission.id })}>现在复核</a>`}
      </div>
    </div>
    <article class="panel receipt" aria-label="回执">
      <h2>来件登记回执</h2>
      <dl class="facts">
        <dt>编号</dt><dd>${submission.id}</dd>
        <dt>登记时间</dt><dd class="number">${time(submission.recorded_at)}</dd>
        ${form.name && [html`<dt>反映人</dt>`, html`<dd>${form.name}</dd>`]}
        <dt>反映事项</dt><dd>${aboutOf(form)}</dd>
        ${answer.tracking_code && [html`<dt>查询码</dt>`, html`<dd><b class="code">${answer.tracking_code}</b></dd>`]}
        <dt>经办人</dt><dd>${session.me.name}</dd>
      </dl>
      ${answer.tracking_code && html`<p>凭${tailOf(form)}，打开 ${location.origin}/citizen 查看办到哪一步、怎样答复，并可评价。</p>
      <p class="hint">查询码只有您和受理处知道，请妥善保管，不要告诉他人；丢失的，请带证件到受理处。</p>`}
    </article>
  </div>`;
};
Receipt.props = ["saved"];
Receipt.emits = ["again"];
