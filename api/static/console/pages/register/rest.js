// 其余事项: what of a letter is no accusation, registered anew in the clerk's own words before the
// letter goes under the seal. Who wrote it is taken along, not a word of what was written.

import { ElButton } from "element-plus";
import { reactive } from "vue";
import { get, post } from "../../api.js";
import { time } from "../../format.js";
import { html } from "../../html.js";
import { useAction } from "../../parts/failure.js";
import { route } from "../../router.js";
import { may } from "../../session.js";

const FIELDS = ["name", "phone", "id_number", "address"];
const REASON = "来信转纪检封存前，其余事项另行登记";

// `of`: the number of the letter, or null.
export function useRest(form) {
  const state = reactive({ of: route.query.rest ?? null, taken: false });
  const take = useAction(async () => {
    const address = `/v1/submissions/${encodeURIComponent(state.of)}`;
    const { submission, submitter } = await get(address);
    const plain = submitter && may("unmask") ? await post(`${address}/submitter`, { reason: REASON }) : {};
    const received = submission.received_at ?? submission.recorded_at;
    Object.assign(form, { channel: submission.channel ?? form.channel, received_at: time(received) });
    Object.assign(form, Object.fromEntries(FIELDS.filter((key) => plain[key]).map((key) => [key, plain[key]])));
    state.taken = true;
  });
  return Object.assign(state, { take });
}

// html`<${RestNote} rest=${rest} />`
export const RestNote = ({ rest }) => html`<div class="note warn"><p><b>来件 ${rest.of} 的其余事项。</b>只写要公开办的那件事，用自己的话，一字不提被检举的人和事，也不提原来的编号。
    保存后把回执（新的查询码）交给反映人，再回去把原来的来件转纪检。</p>
  ${!rest.taken && html`<div class="buttons"><${ElButton} size="small" loading=${rest.take.busy} onClick=${rest.take.run}>带入渠道、时间和反映人</><span class="hint">查看反映人会记入操作日志</span></div>`}</div>`;
RestNote.props = ["rest"];
