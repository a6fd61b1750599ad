// Choosing another common problem: those of the same theme first, any other by the words of its name.

import { ElOption, ElSelect } from "element-plus";
import { reactive } from "vue";
import { get } from "../../api.js";
import { count } from "../../format.js";
import { html } from "../../html.js";
import { attempt } from "../../parts/failure.js";
import { usePause } from "../../parts/load.js";

export const ProblemPicker = {
  props: ["modelValue", "id", "but"],
  emits: ["update:modelValue"],
  setup(props, { emit }) {
    const state = reactive({ found: [], busy: false });
    const look = (query) => attempt(async () => {
      state.busy = true;
      const { lines } = await get("/v1/problems", { ...query, limit: 30 });
      state.found = lines.filter((one) => one.id !== props.but.id);
    }).finally(() => { state.busy = false; });
    const search = usePause((typed) => look(typed ? { q: typed.trim() } : { theme: props.but.theme }), 250);
    look({ theme: props.but.theme });
    return () => html`<${ElSelect} id=${props.id} ariaLabel="另一个共性问题" filterable remote clearable remoteMethod=${search} loading=${state.busy} modelValue=${props.modelValue}
      placeholder="名称里的字" noDataText="没有符合的共性问题" loadingText="正在查找" onUpdate:modelValue=${(id) => emit("update:modelValue", id)}>
      ${state.found.map((one) => html`<${ElOption} key=${one.id} value=${one.id} label=${one.name}><span class="option"><span>${one.name}</span><small>${count(one.size)} 件</small></span></>`)}
    </>`;
  },
};
