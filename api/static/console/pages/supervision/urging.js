// What is asked for when something is urged: what to do, how loudly, who answers for it, until when.

import { ElButton, ElDatePicker, ElForm, ElFormItem, ElInput, ElRadio, ElRadioGroup } from "element-plus";
import { reactive } from "vue";
import { startOf } from "../../format.js";
import { bind, html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";

// html`<${Urging} about="3 条" busy=${…} onSay=${(said) => …} onClose=${…} />`; `said` is what the API takes.
export const Urging = {
  props: ["about", "busy"],
  emits: ["say", "close"],
  setup(props, { emit }) {
    const form = reactive({ note: "", level: "urge", person: "", by: null });
    const ready = () => form.note.trim() && (form.level === "urge" || (form.person.trim() && form.by));
    const submit = (event) => {
      event.preventDefault();
      if (!ready()) return;
      const listed = form.level === "listed" ? { person: form.person.trim() } : {};
      emit("say", { note: form.note.trim(), level: form.level, ...listed, ...(form.by ? { by: startOf(form.by, 1) } : {}) });
    };
    return () => html`<${Dialog} title=${`督办${props.about}`} onClose=${() => emit("close")}>
      <${ElForm} labelPosition="top" onSubmit=${submit}>
        <${ElFormItem} label="要求" for="urging"><${ElInput} id="urging" type="textarea" rows=${4} maxlength="2000" showWordLimit placeholder="如：请于三日内回告处理情况" ...${bind(form, "note")} /></>
        <${ElFormItem} label="方式"><${ElRadioGroup} aria-label="方式" ...${bind(form, "level")}><${ElRadio} value="urge">督办</><${ElRadio} value="listed">挂牌督办</></></>
        ${form.level === "listed" && html`<${ElFormItem} label="包案人" for="person"><${ElInput} id="person" maxlength="50" ...${bind(form, "person")} /></>`}
        <${ElFormItem} label=${form.level === "listed" ? "办结期限" : "期限（可不填）"} for="by"><${ElDatePicker} id="by" valueFormat="YYYY-MM-DD" format="YYYY-MM-DD" ...${bind(form, "by")} /></>
        <${ElButton} type="primary" nativeType="submit" disabled=${!ready()} loading=${props.busy}>督办</>
      </>
    </>`;
  },
};
