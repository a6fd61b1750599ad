// The filters of a list, bound to the address: what is chosen stands there and nowhere else.

import { ElButton, ElDatePicker, ElInput, ElOption, ElSelect } from "element-plus";
import { reactive, watch } from "vue";
import { startOf } from "../format.js";
import { bind, html } from "../html.js";
import { go, refine, route } from "../router.js";
import { DepartmentPicker, DivisionPicker, DomainPicker, PersonPicker } from "./pickers.js";

// fields: [{ key, name, kind, options }]; kinds: select (options: [[value, word], …] or { value: word };
// `many` for several; `usual` is chosen where the address says nothing), text, department, domain, division,
// person (of the chosen department), days (two dates, kept as `since` and `until`).
// html`<${Filters} fields=${FIELDS}>…more buttons…</>`
// On a phone they are folded away, so that the list itself is what one sees first.
export const Filters = (props, { slots }) => html`<form class=${{ filters: true, folded: !view.unfolded }} role="search" aria-label="筛选" onSubmit=${(event) => event.preventDefault()}>
  <${ElButton} class="fold" aria-expanded=${view.unfolded ? "true" : "false"} onClick=${() => { view.unfolded = !view.unfolded; }}>${view.unfolded ? "收起筛选" : `筛选${chosenCount(props.fields)}`}</>
  ${props.fields.map((field) => html`<div class="field" key=${field.key}><span>${field.name}</span>${draw(field)}</div>`)}
  <${ElButton} disabled=${!isFiltered(props.fields)} onClick=${() => clear(props.fields)}>清除筛选</>
  ${slots.default?.()}
</form>`;
Filters.props = ["fields"];

// What the fields ask of the API: days become moments, from the first day's start to after the last.
export function asked(fields, query = route.query) {
  const told = {};
  for (const { key, kind, usual } of fields) {
    if (kind !== "days") told[key] = query[key] ?? usual;
    else {
      if (query.since) told.since = startOf(query.since);
      if (query.until) told.until = startOf(query.until, 1);
    }
  }
  return told;
}

const view = reactive({ unfolded: false });
function chosenCount(fields) {
  const chosen = fields.filter((field) => keys([field]).some((key) => route.query[key])).length;
  return chosen ? `（已选 ${chosen} 项）` : "";
}
const isFiltered = (fields) => keys(fields).some((key) => route.query[key]);
const keys = (fields) => fields.flatMap((field) => (field.kind === "days" ? ["since", "until"] : [field.key]));
const set = (changes) => refine({ ...changes, cursor: "" });

function clear(fields) {
  const kept = { ...route.query, cursor: "" };
  for (const key of keys(fields)) delete kept[key];
  go(route.path, kept);
}

function draw(field) {
  const { key, name } = field;
  const value = route.query[key] ?? field.usual;
  const pick = (chosen) => set({ [key]: chosen });
  switch (field.kind) {
    case "department": return html`<${DepartmentPicker} modelValue=${value} onPick=${pick} label=${name} />`;
    case "domain": return html`<${DomainPicker} modelValue=${value} onPick=${pick} label=${name} />`;
    case "division": return html`<${DivisionPicker} modelValue=${value} onPick=${pick} label=${name} />`;
    case "person": return html`<${PersonPicker} modelValue=${value} department=${route.query.department} onPick=${pick} label=${name} />`;
    case "text": return html`<${TextFilter} value=${value} name=${name} hint=${field.hint} onPick=${pick} />`;
    case "days": return html`<${ElDatePicker} type="daterange" valueFormat="YYYY-MM-DD" format="YYYY-MM-DD" unlinkPanels startPlaceholder="从" endPlaceholder="到"
      modelValue=${route.query.since && route.query.until ? [route.query.since, route.query.until] : null}
      onUpdate:modelValue=${(days) => set({ since: days?.[0], until: days?.[1] })} />`;
    default: return html`<${ElSelect} modelValue=${field.many ? [value ?? []].flat() : value} clearable multiple=${field.many} collapseTags=${field.many} ariaLabel=${name} placeholder="全部" onChange=${pick}>
      ${options(field).map(([code, word]) => html`<${ElOption} key=${code} value=${code} label=${word} />`)}
    </>`;
  }
}

// What is typed counts once Enter is pressed or the field is left, not at every letter.
const TextFilter = {
  props: ["value", "name", "hint"],
  emits: ["pick"],
  setup(props, { emit }) {
    const state = reactive({ typed: props.value ?? "" });
    watch(() => props.value, (value) => { state.typed = value ?? ""; });
    return () => html`<${ElInput} ...${bind(state, "typed")} clearable aria-label=${props.name} placeholder=${props.hint ?? "按回车查找"} onChange=${(text) => emit("pick", text.trim())} />`;
  },
};

const options = ({ options: told }) => (Array.isArray(told) ? told : Object.entries(told));
