// Putting a problem right: each kind of correction that needs more than a reason.

import { ElButton, ElForm, ElFormItem, ElInput } from "element-plus";
import { reactive } from "vue";
import { bind, html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";
import { ProblemPicker } from "./picker.js";

const TITLES = { rename: "改名", merge: "合并别的问题", split: "拆成新问题", move: "移到别的问题", out: "移出" };

// Emits `say` with the kind and what goes with it.
export const Dialogs = {
  props: ["kind", "problem", "picked", "busy"],
  emits: ["say", "close"],
  setup(props, { emit }) {
    const form = reactive({ name: props.kind === "rename" ? props.problem.name : "", other: undefined, note: "" });
    const submissions = () => props.picked;
    const steps = {
      rename: () => emit("say", "rename", { name: form.name, note: form.note }),
      merge: () => emit("say", "merge", { other: form.other ?? null, note: form.note }),
      split: () => emit("say", "split", { submissions: submissions(), name: form.name, note: form.note }),
      move: () => emit("say", "move", { submissions: submissions(), other: form.other ?? null, note: form.note }),
      out: () => emit("say", "move", { submissions: submissions(), note: form.note }),
    };
    const ready = () => ({ rename: form.name.trim(), merge: form.other, move: form.other }[props.kind] ?? true);
    const submit = (event) => {
      event.preventDefault();
      if (ready()) steps[props.kind]();
    };
    return () => html`<${Dialog} title=${TITLES[props.kind]} onClose=${() => emit("close")}>
      <${ElForm} labelPosition="top" onSubmit=${submit}>
        ${told(props)}
        ${["rename", "split"].includes(props.kind) && html`<${ElFormItem} label=${props.kind === "rename" ? "名称" : "新问题的名称"} for="name"><${ElInput} id="name" maxlength="60" showWordLimit ...${bind(form, "name")} />
          <span class="hint">${props.kind === "rename" ? "什么地方、什么事；人改过的名字，系统不再改" : "不填由系统起名"}</span></>`}
        ${["merge", "move"].includes(props.kind) && html`<${ElFormItem} label=${props.kind === "merge" ? "把哪个问题并进来" : "移到哪个问题"} for="other"><${ProblemPicker} id="other" but=${props.problem} ...${bind(form, "other")} /></>`}
        <${ElFormItem} label="说明（可不填）" for="note"><${ElInput} id="note" type="textarea" rows=${2} maxlength="2000" ...${bind(form, "note")} /></>
        <${ElButton} type="primary" nativeType="submit" disabled=${!ready()} loading=${props.busy}>${TITLES[props.kind]}</>
      </>
    </>`;
  },
};

function told({ kind, picked, problem }) {
  if (kind === "rename") return null;
  const says = {
    merge: "选中的问题并入本问题：它的来件都归到这里，任务随之跟来；以后重新归并也不会分开。",
    split: `选中的 ${picked.length} 件来件成为一个新问题；以后重新归并也不会合回来。`,
    move: `选中的 ${picked.length} 件来件归到另一个问题。`,
    out: `选中的 ${picked.length} 件来件不再归入“${problem.name}”，也不归任何问题。`,
  };
  return html`<p class="note">${says[kind]}</p>`;
}
