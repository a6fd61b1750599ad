// Choosing a department, a domain, a division or a person by typing part of the name, or of its pinyin.

import { ElInput, ElOption, ElSelect } from "element-plus";
import { reactive, watch } from "vue";
import { get } from "../api.js";
import { html } from "../html.js";
import { loadDepartments, loadDomains } from "../reference.js";
import { attempt, explain, report } from "./failure.js";
import { useLoad, usePause } from "./load.js";
import { find } from "./typing.js";

const MOST = 60; // shown at once; typing narrows them

// A picker over what `load` gives. Its value is a code, or codes where `multiple`; onPick is told it,
// and onClose that its list is shut, whether another was chosen or not.
// `only`: (item) => whether it is offered.
function picker({ load, usual, show, pathOf }) {
  return {
    props: ["modelValue", "multiple", "label", "disabled", "placeholder", "only", "id"],
    emits: ["close", "pick", "update:modelValue"],
    setup(props, { emit }) {
      const state = reactive({ all: [], typed: "" });
      load().then((all) => { state.all = all; }, report);
      const tell = (value) => {
        emit("update:modelValue", value);
        emit("pick", value);
      };
      const turn = (open) => {
        if (open) return;
        state.typed = "";
        emit("close");
      };
      const offered = () => {
        const found = find(props.only ? state.all.filter(props.only) : state.all, state.typed, { pathOf, most: MOST });
        const chosen = [props.modelValue ?? []].flat();
        return [...found, ...state.all.filter((item) => chosen.includes(item.code) && !found.includes(item))];
      };
      return () => html`<${ElSelect} id=${props.id} modelValue=${state.all.length ? props.modelValue : undefined} multiple=${props.multiple} filterable clearable defaultFirstOption disabled=${props.disabled}
        ariaLabel=${props.label ?? usual} placeholder=${props.placeholder ?? "名称或拼音首字母"} noDataText="没有符合的" noMatchText="没有符合的"
        filterMethod=${(typed) => { state.typed = typed; }} onVisibleChange=${turn} onChange=${tell}>
        ${offered().map((item) => html`<${ElOption} key=${item.code} value=${item.code} label=${item.name}>${show?.(item) ?? item.name}</>`)}
      </>`;
    },
  };
}

export const DepartmentPicker = picker({
  load: async () => (await loadDepartments()).filter((one) => one.active),
  pathOf: (one) => [one.full_name, ...one.aliases].join(" "),
  usual: "责任单位",
});

// Domains of all levels: a code of level 1 or 2 stands for all below it. `only=${isLeaf}` offers leaves.
export const DomainPicker = picker({
  load: loadDomains,
  pathOf: (one) => one.path,
  usual: "领域",
  show: (one) => html`<span class="option"><span>${one.name}</span><small>${one.path.split("/").slice(0, -1).join(" › ")}</small></span>`,
});
export const isLeaf = (domain) => domain.level === 3;

// A division of the whole country, found by the server; `under` keeps to those below one.
export const DivisionPicker = {
  props: ["modelValue", "label", "disabled", "placeholder", "under", "id"],
  emits: ["close", "pick", "update:modelValue"],
  setup(props, { emit }) {
    const state = reactive({ found: [], busy: false, chosen: null });
    watch(() => props.modelValue, async (code) => {
      if (!code || state.chosen?.code === code) return;
      const { path, full_name: name } = await get(`/v1/divisions/${code}`).catch(() => ({ path: [{ code, name: code }], full_name: code }));
      state.chosen = { ...path.at(-1), name };
    }, { immediate: true });
    const search = usePause(async (typed) => {
      state.busy = true;
      await attempt(async () => { state.found = typed ? await get("/v1/divisions", { q: typed, under: props.under }) : []; });
      state.busy = false;
    }, 200);
    const tell = (code) => {
      state.chosen = state.found.find((one) => one.code === code) ?? null;
      emit("update:modelValue", code);
      emit("pick", code);
    };
    const offered = () => [...state.found, ...(state.chosen && props.modelValue === state.chosen.code && !state.found.some((one) => one.code === state.chosen.code) ? [state.chosen] : [])];
    return () => html`<${ElSelect} id=${props.id} modelValue=${props.modelValue} filterable remote clearable remoteMethod=${search} loading=${state.busy} disabled=${props.disabled}
      ariaLabel=${props.label ?? "行政区划"} placeholder=${props.placeholder ?? "名称或拼音首字母"} noDataText="输入名称或拼音首字母" noMatchText="没有符合的" loadingText="正在查找" onVisibleChange=${(open) => { if (!open) emit("close"); }} onChange=${tell}>
      ${offered().map((one) => html`<${ElOption} key=${one.code} value=${one.code} label=${one.name} />`)}
    </>`;
  },
};

// Who may have a matter of `department` in hand (without one: of all within reach), asked of the server.
const usePeople = (props) => useLoad((signal) => get("/v1/people", { department: props.department }, { signal }), () => props.department);
const loginOf = (one) => one.login;

// Somebody by login: html`<${PersonPicker} department=${entry.lead_department} ...${bind(form, "assignee")} />`
export const PersonPicker = {
  props: ["modelValue", "department", "label", "placeholder", "id"],
  emits: ["pick", "update:modelValue"],
  setup(props, { emit }) {
    const people = usePeople(props);
    const state = reactive({ typed: "" });
    const tell = (login) => {
      emit("update:modelValue", login ?? "");
      emit("pick", login ?? "");
    };
    const offered = () => {
      const found = find(people.data ?? [], state.typed, { pathOf: loginOf, most: MOST });
      const chosen = people.data?.find((one) => one.login === props.modelValue);
      return chosen && !found.includes(chosen) ? [...found, chosen] : found;
    };
    return () => html`<${ElSelect} id=${props.id} modelValue=${props.modelValue || undefined} filterable clearable defaultFirstOption loading=${people.loading} loadingText="正在读取"
      ariaLabel=${props.label ?? "承办人"} placeholder=${props.placeholder ?? "姓名或拼音首字母"} noDataText=${people.error ? explain(people.error) : state.typed ? "没有符合的" : "没有可选的人，请管理员开通账号"}
      filterMethod=${(typed) => { state.typed = typed; }} onVisibleChange=${(open) => { if (!open) state.typed = ""; }} onChange=${tell}>
      ${offered().map((one) => html`<${ElOption} key=${one.login} value=${one.login} label=${one.name}><span class="option"><span>${one.name}</span><small>${one.login}</small></span></>`)}
    </>`;
  },
};

// The name of somebody, one of the department or any other: what is typed stands.
export const NameField = {
  props: ["modelValue", "department", "label", "placeholder", "id"],
  emits: ["update:modelValue"],
  setup(props, { emit }) {
    const people = usePeople(props);
    return () => html`<${ElInput} id=${props.id} maxlength="50" list=${`${props.id}-people`} ariaLabel=${props.label} placeholder=${props.placeholder ?? "选一位，或填写姓名"}
        modelValue=${props.modelValue} onUpdate:modelValue=${(name) => emit("update:modelValue", name)} />
      <datalist id=${`${props.id}-people`}>${(people.data ?? []).map((one) => html`<option key=${one.login} value=${one.name} />`)}</datalist>`;
  },
};
