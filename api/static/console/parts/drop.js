// A place to drop a file on, or to choose one from; on a phone, to take a picture.

import { reactive, ref } from "vue";
import { size } from "../format.js";
import { html } from "../html.js";
import { report } from "./failure.js";
import { Icon } from "./icon.js";
import { ApiError } from "../api.js";

// html`<${FileDrop} accept=".xlsx,.csv" most=${50 * 1024 ** 2} onPick=${(file) => …}>把文件拖到这里，或点击选择</>`
// `camera`: a picture may be taken as well, where the device is held in the hand.
export const FileDrop = {
  props: ["accept", "most", "label", "camera"],
  emits: ["pick"],
  setup(props, { emit, slots }) {
    const state = reactive({ over: false });
    const [field, lens] = [ref(null), ref(null)];

    function take(file) {
      if (!file) return;
      const ends = (props.accept ?? "").split(",").filter(Boolean);
      if (ends.length && !ends.some((end) => file.name.toLowerCase().endsWith(end.trim()))) {
        report(new ApiError(`请选 ${ends.join("、")} 文件`));
      } else if (props.most && file.size > props.most) {
        report(new ApiError(`文件有 ${size(file.size)}，至多 ${size(props.most)}，请分成几个再传`));
      } else emit("pick", file);
    }
    const drop = (event) => {
      event.preventDefault();
      state.over = false;
      take(event.dataTransfer.files[0]);
    };
    const choose = (event) => {
      take(event.target.files[0]);
      event.target.value = ""; // the same file can be chosen again
    };
    return () => html`<div class="drops">
      ${props.camera && html`<button type="button" class="drop camera" onClick=${() => lens.value.click()}><${Icon} name="camera" /> 拍照</button>
        <input ref=${lens} type="file" hidden accept="image/*" capture="environment" aria-label="拍照" onChange=${choose} />`}
      <button type="button" class=${{ drop: true, over: state.over }} onClick=${() => field.value.click()}
        onDragover=${(event) => { event.preventDefault(); state.over = true; }} onDragleave=${() => { state.over = false; }} onDrop=${drop}>
        <${Icon} name="upload" /> ${slots.default?.() ?? "把文件拖到这里，或点击选择"}
      </button>
      <input ref=${field} type="file" hidden accept=${props.accept} aria-label=${props.label ?? "选择文件"} onChange=${choose} />
    </div>`;
  },
};
