// Of a submission that went under the seal as it came in: which emergency line was telephoned, said by
// whoever registered it, for the discipline officers. Asked of every one of them alike: how urgent it
// is, is under the seal and not to be guessed from this page.

import { post } from "../../api.js";
import { html } from "../../html.js";
import { useAction } from "../../parts/failure.js";
import { Hotlines } from "../../parts/hotlines.js";

// html`<${Called} saved=${keepReceipt(…)} />`; what was recorded stands in `saved.called`.
export const Called = {
  props: ["saved"],
  setup(props) {
    const call = useAction(async ({ code }) => {
      const { saved } = props;
      await post(`/v1/submissions/${encodeURIComponent(saved.id)}/alarm`, { to: code });
      saved.called = [...new Set([...(saved.called ?? []), code])];
    });
    return () => html`<section class="panel called no-print" aria-label="转紧急热线">
      <p>如有现时危险，请先拨打电话，再在此记一笔<span class="muted">（只有纪检人员看得到）</span></p>
      <${Hotlines} busy=${call.busy} onPick=${call.run} />
      <p role="status">${props.saved.called ? `已记录：${props.saved.called.join("、")}` : ""}</p>
    </section>`;
  },
};
