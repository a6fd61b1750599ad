// The receipt of a submission: what the submitter takes home, with the code to look it up by.

import { ElButton } from "element-plus";
import { time } from "../../format.js";
import { html } from "../../html.js";
import { Icon } from "../../parts/icon.js";
import { link } from "../../router.js";
import { may, session } from "../../session.js";
import { Called } from "./called.js";

const DESTINATIONS = { ledger: "已交办", review: "待人工复核", discipline: "已转纪检" };

// The whole of it where it is short, for the submitter knows what they told.
const aboutOf = ({ title, content }) => title || (content.length > 60 ? `${content.slice(0, 60)}…` : content);

function tailOf(form) {
  if (form.phone) return "查询码和电话后四位";
  return form.id_number ? "查询码和证件号后四位" : "查询码";
}

const KEY = "register-receipt";

// What the receipt says, kept in this tab as the draft is, since its code is told this once; of an
// accusation without who wrote it and what. Saved anew, it stands for the one of before.
export function keepReceipt({ submission, destination, entry, notice, tracking_code: code }, form, department) {
  const told = destination === "discipline" ? {} : { name: form.name, about: aboutOf(form) };
  const saved = { id: submission.id, at: submission.recorded_at, destination, entry: entry?.id, notice, code, department, tail: tailOf(form), ...told };
  sessionStorage.setItem(KEY, JSON.stringify(saved));
  return saved;
}
export const openReceipt = () => JSON.parse(sessionStorage.getItem(KEY) ?? "null");

// html`<${Receipt} saved=${keepReceipt(…)} onAgain=${…} />`
export const Receipt = ({ saved }, { emit }) => html`<div>
  <div class="note good no-print" role="status">
    <b>已登记，${DESTINATIONS[saved.destination]}${saved.department ? `给${saved.department}` : ""}</b>
    ${saved.notice && html`<div>${saved.notice}</div>`}
    <div class="buttons after">
      <${ElButton} type="primary" onClick=${() => print()}><${Icon} name="print" /> 打印回执</>
      <${ElButton} onClick=${() => emit("again")}>登记下一件</>
      ${saved.entry && html`<a href=${link(`/entries/${saved.entry}`)}>看台账条目</a>`}
      ${saved.destination === "review" && may("decide") && html`<a href=${link("/review", { id: saved.id })}>现在复核</a>`}
    </div>
  </div>
  ${saved.destination === "discipline" && html`<${Called} key=${saved.id} saved=${saved} />`}
  <article class="panel receipt" aria-label="回执">
    <h2>来件登记回执</h2>
    <dl class="facts">
      <dt>编号</dt><dd>${saved.id}</dd>
      <dt>登记时间</dt><dd class="number">${time(saved.at)}</dd>
      ${saved.name && [html`<dt>反映人</dt>`, html`<dd>${saved.name}</dd>`]}
      ${saved.about && [html`<dt>反映事项</dt>`, html`<dd>${saved.about}</dd>`]}
      ${saved.code && [html`<dt>查询码</dt>`, html`<dd><b class="code">${saved.code}</b></dd>`]}
      <dt>经办人</dt><dd>${session.me.name}</dd>
    </dl>
    ${saved.code && html`<p>凭${saved.tail}，打开 ${location.origin}/citizen 查看办到哪一步、怎样答复，并可评价。</p>
    <p class="hint">查询码只有您和受理处知道，请妥善保管，不要告诉他人；丢失的，请带证件到受理处。</p>`}
  </article>
</div>`;
Receipt.props = ["saved"];
Receipt.emits = ["again"];
