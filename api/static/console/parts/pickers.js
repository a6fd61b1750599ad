// Choosing a department or a domain by typing part of its name, or the initials of its pinyin.

import { ElOption, ElSelect } from "element-plus";
import { reactive } from "vue";
import { html } from "../html.js";
import { loadDepartments, loadDomains } from "../reference.js";
import { report } from "./failure.js";
import { find } from "./pinyin.js";

const MOST = 60; // shown at once; typing narrows them

// A picker over what `load` gives. Its value is a code, or codes where `multiple`; onPick is told it.
function picker({ load, codeOf, nameOf, wordsOf = nameOf, usual, show = nameOf }) {
  return {
    props: ["modelValue", "multiple", "label", "disabled", "placeholder", "only", "id"],
    emits: ["pick", "update:modelValue"],
    setup(props, { emit }) {
      const state = reactive({ all: [], typed: "" });
      load().then((all) => { state.all = all; }, report);
      const tell = (value) => {
        emit("update:modelValue", value);
        emit("pick", value);
      };
      const offered = () => {
        const open = props.only ? state.all.filter(props.only) : state.all;
        const found = find(open, state.typed, wordsOf, MOST);
        const chosen = [props.modelValue ?? []].flat();
        return [...found, ...state.all.filter((item) => chosen.includes(codeOf(item)) && !found.includes(item))];
      };
      return () => html`<${ElSelect} id=${props.id} modelValue=${state.all.length ? props.modelValue : undefined} multiple=${props.multiple} filterable clearable defaultFirstOption disabled=${props.disabled}
        ariaLabel=${props.label ?? usual} placeholder=${props.placeholder ?? "输入名称或拼音首字母"} noDataText="没有符合的" noMatchText="没有符合的"
        filterMethod=${(typed) => { state.typed = typed; }} onVisibleChange=${(open) => { if (!open) state.typed = ""; }} onChange=${tell}>
        ${offered().map((item) => html`<${ElOption} key=${codeOf(item)} value=${codeOf(item)} label=${nameOf(item)}>${show(item)}</>`)}
      </>`;
    },
  };
}

export const DepartmentPicker = picker({
  load: async () => (await loadDepartments()).filter((one) => one.active),
  codeOf: (one) => one.code,
  nameOf: (one) => one.name,
  wordsOf: (one) => `${one.name} ${one.full_name}`,
  usual: "责任单位",
});

// Domains of all levels: a code of level 1 or 2 stands for all below it. `only=${isLeaf}` offers leaves.
export const DomainPicker = picker({
  load: loadDomains,
  codeOf: (one) => one.code,
  nameOf: (one) => one.name,
  wordsOf: (one) => one.path,
  usual: "领域",
  show: (one) => html`<span class="option"><span>${one.name}</span><small>${one.path.split("/").slice(0, -1).join(" › ")}</small></span>`,
});
export const isLeaf = (domain) => domain.leaf;
