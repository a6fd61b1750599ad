// Who a submission is from: masked, until one who may asks for it and says why. Who took it in tells
// the tracking code again to whoever has lost the receipt.

import { ElButton } from "element-plus";
import { reactive } from "vue";
import { post } from "../api.js";
import { html } from "../html.js";
import { may } from "../session.js";
import { askReason } from "./dialogs.js";
import { attempt } from "./failure.js";

const FIELDS = [["name", "姓名"], ["phone", "电话"], ["id_number", "证件号"], ["address", "住址"]];

// html`<${Submitter} of=${`/v1/submissions/${id}`} masked=${file.submitter} />`; `masked` may be null.
export const Submitter = {
  props: ["of", "masked"],
  setup(props) {
    const state = reactive({ plain: null, code: null });
    const unmask = () => attempt(async () => {
      const reason = await askReason("查看反映人信息", { text: "谁、何时、为何查看会记入操作日志。请写明理由。", yes: "查看", most: 500 });
      if (reason !== null) state.plain = await post(`${props.of}/submitter`, { reason });
    });
    const reissue = () => attempt(async () => {
      const reason = await askReason("补发查询码", { text: "先核对是不是本人。谁、何时、为何补发会记入操作日志，请写明理由。", yes: "补发", most: 500 });
      if (reason !== null) state.code = (await post(`${props.of}/tracking`, { reason })).tracking_code;
    });
    return () => {
      const shown = state.plain ?? props.masked;
      if (!shown) return html`<p class="muted">没有登记反映人</p>`;
      return html`<div>
        <dl class="facts">${FIELDS.filter(([key]) => shown[key]).map(([key, name]) => [html`<dt>${name}</dt>`, html`<dd>${shown[key]}</dd>`])}</dl>
        ${!state.plain && may("unmask") && html`<${ElButton} size="small" onClick=${unmask}>查看全部信息</>`}
        ${state.code
          ? html`<p role="status">查询码 <b class="code">${state.code}</b>，请只告诉反映人本人</p>`
          : may("submit") && may("unmask") && html`<${ElButton} size="small" onClick=${reissue}>补发查询码</>`}
      </div>`;
    };
  },
};
