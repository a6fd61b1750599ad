// 更正认定: what a clerk puts right of domain, urgency, nature, place or department; the suggestion stays as it was.

import { ElButton, ElForm, ElFormItem, ElInput, ElOption, ElSelect } from "element-plus";
import { reactive } from "vue";
import { post } from "../../api.js";
import { bind, html } from "../../html.js";
import { NATURES, URGENCIES } from "../../names.js";
import { Dialog } from "../../parts/dialog.js";
import { told, useAction } from "../../parts/failure.js";
import { DepartmentPicker, DivisionPicker, DomainPicker, isLeaf } from "../../parts/pickers.js";
import { RestFirst } from "../../parts/rest.js";
import { may } from "../../session.js";

const WHERE = new Set(["registered", "returned", "assigned", "accepted", "reopened", "replied", "evaluated"]);
const ANSWERED = new Set(["replied", "evaluated"]);

export const mayCorrect = ({ entry }) => may("decide") && WHERE.has(entry.state);

export const CorrectDialog = {
  props: ["file", "reload"],
  emits: ["done", "close"],
  setup(props, { emit }) {
    const { entry } = props.file;
    const before = { domain: entry.domain_code, urgency: entry.urgency, nature: entry.nature, division: entry.division ?? undefined, lead: entry.lead_department };
    const form = reactive({ ...before, reason: "" });
    const changed = () => Object.fromEntries(Object.keys(before).filter((key) => form[key] && form[key] !== before[key]).map((key) => [key, form[key]]));
    const send = useAction(async () => {
      const { submission_id: submission, id, version } = props.file.entry;
      const { lead, ...rest } = changed();
      const sent = { ...rest, ...(lead ? { lead: props.file.departments[lead] } : {}), reason: form.reason, entry: id, version };
      const { notice } = await post(`/v1/submissions/${encodeURIComponent(submission)}/decisions`, sent);
      await props.reload();
      told(notice ?? "已经更正");
      emit("done");
    }, { reload: props.reload });
    return () => html`<${Dialog} title="更正认定" onClose=${() => emit("close")}>
      <p class="hint above">系统建议原样保留；您的更正会用来改进系统。</p>
      <${ElForm} labelPosition="top" onSubmit=${(event) => { event.preventDefault(); send.run(); }}>
        <${ElFormItem} label="领域" for="domain"><${DomainPicker} id="domain" only=${isLeaf} ...${bind(form, "domain")} /></>
        <${ElFormItem} label="紧急程度" for="urgency"><${ElSelect} id="urgency" ariaLabel="紧急程度" ...${bind(form, "urgency")}>${Object.entries(URGENCIES).map(([code, word]) => html`<${ElOption} key=${code} value=${Number(code)} label=${word} />`)}</></>
        <${ElFormItem} label="性质" for="nature"><${ElSelect} id="nature" ariaLabel="性质" ...${bind(form, "nature")}>${NATURES.map((word) => html`<${ElOption} key=${word} value=${word} label=${word} />`)}</></>
        ${form.nature === "检举控告" && [html`<p class="note warn" key="sealed">改为检举控告后，来件转入纪检台账，只有纪检员看得到。</p>`, html`<${RestFirst} key="rest" id=${entry.submission_id} split=${props.file.others.length > 0} />`]}
        ${!ANSWERED.has(entry.state) && html`<${ElFormItem} label="主办单位" for="lead"><${DepartmentPicker} id="lead" ...${bind(form, "lead")} /></>`}
        <${ElFormItem} label="行政区划" for="division"><${DivisionPicker} id="division" ...${bind(form, "division")} /></>
        <${ElFormItem} label="理由" for="reason"><${ElInput} id="reason" type="textarea" maxlength="2000" autosize=${{ minRows: 2, maxRows: 8 }} ...${bind(form, "reason")} /></>
        <div class="buttons"><${ElButton} type="primary" nativeType="submit" loading=${send.busy} disabled=${Object.keys(changed()).length === 0}>更正</><${ElButton} onClick=${() => emit("close")}>取消</></div>
      </>
    </>`;
  },
};
