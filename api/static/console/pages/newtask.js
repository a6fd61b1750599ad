// 安排任务: for a common problem, with the draft that the system makes of it, or for chosen entries.

import { ElButton, ElDatePicker, ElForm, ElFormItem, ElInput } from "element-plus";
import { reactive, watch } from "vue";
import { ApiError, post } from "../api.js";
import { today } from "../format.js";
import { bind, html } from "../html.js";
import { told, useAction } from "../parts/failure.js";
import { Frame } from "../parts/frame.js";
import { useLoad } from "../parts/load.js";
import { DepartmentPicker, NameField } from "../parts/pickers.js";
import { useUnsaved } from "../parts/unsaved.js";
import { loadDepartments } from "../reference.js";
import { go, link, route } from "../router.js";

const HELP = `把一件共性问题、或几条台账，安排成一项任务：谁办、办到什么程度、什么时候办完。
从共性问题来的，系统已拟好草稿：措施摘自类似条目的答复，注明出处，请核对修改。时间节点从完成时限倒排，可自定。`;

const listOf = (value) => (value === undefined ? [] : [value].flat());

// The draft in the form's own shape; departments come by name and are chosen by code.
async function loadDraft(signal) {
  const departments = await loadDepartments();
  const codeOf = (name) => departments.find((one) => one.name === name || one.code === name)?.code;
  const problem = Number(route.query.problem) || null;
  const draft = problem ? await post(`/v1/problems/${problem}/tasks:suggest`, {}, { signal }) : null;
  const entries = draft ? draft.entry_ids : listOf(route.query.entries).map(Number);
  return {
    draft,
    form: reactive({
      title: draft?.title ?? "", department: draft?.lead ? codeOf(draft.lead) : undefined,
      assisting: (draft?.assisting ?? []).map(codeOf).filter(Boolean), person: "", deadline: draft?.deadline ?? today(30),
      entries: entries.join("，"), measures: (draft?.measures ?? []).map((one) => one.text).join("\n"),
      milestones: (draft?.milestones ?? []).map((one) => ({ name: one.name, due: one.due })), problem,
    }),
  };
}

export default {
  setup() {
    const loaded = useLoad(loadDraft);
    const state = reactive({ before: null });
    watch(() => loaded.data, ({ form }) => { state.before = JSON.stringify(form); });
    useUnsaved(() => loaded.data !== null && JSON.stringify(loaded.data.form) !== state.before);

    const save = useAction(async () => {
      const { form } = loaded.data;
      if (!form.department) throw new ApiError("请选择责任单位");
      const task = await post("/v1/tasks", {
        title: form.title, department: form.department, assisting: form.assisting, person: form.person, deadline: form.deadline,
        entries: form.entries.split(/[^\d]+/).filter(Boolean).map(Number), measures: form.measures.split("\n").map((one) => one.trim()).filter(Boolean),
        milestones: form.milestones, ...(form.problem ? { problem_id: form.problem } : {}),
      });
      told("任务已经安排");
      state.before = JSON.stringify(form);
      go(`/tasks/${task.id}`, {}, { replace: true });
    });
    return () => html`<${Frame} help=${HELP} load=${loaded}>${() => html`<div class="split">
      <div class="panel"><${TaskForm} form=${loaded.data.form} busy=${save.busy} onSave=${save.run} /></div>
      <div>${loaded.data.draft && sources(loaded.data.draft)}<section class="panel"><div class="panel-head"><h2>时间节点</h2></div><${Milestones} form=${loaded.data.form} /></section></div>
    </div>`}</>`;
  },
};

const TaskForm = {
  props: ["form", "busy"],
  emits: ["save"],
  setup(props, { emit }) {
    const { form } = props;
    return () => html`<${ElForm} labelPosition="top" onSubmit=${(event) => { event.preventDefault(); emit("save"); }}>
      <${ElFormItem} label="任务名称" for="title"><${ElInput} id="title" maxlength="200" ...${bind(form, "title")} /></>
      <${ElFormItem} label="责任单位" for="department"><${DepartmentPicker} id="department" ...${bind(form, "department")} /></>
      <${ElFormItem} label="配合单位" for="assisting"><${DepartmentPicker} id="assisting" multiple label="配合单位" ...${bind(form, "assisting")} /></>
      <${ElFormItem} label="责任人" for="person"><${NameField} id="person" label="责任人" department=${form.department} ...${bind(form, "person")} /></>
      <${ElFormItem} label="完成时限" for="deadline"><${ElDatePicker} id="deadline" valueFormat="YYYY-MM-DD" format="YYYY-MM-DD" clearable=${false} ...${bind(form, "deadline")} /></>
      <${ElFormItem} label="措施（一行一条）" for="measures"><${ElInput} id="measures" type="textarea" autosize=${{ minRows: 4, maxRows: 14 }} ...${bind(form, "measures")} /></>
      <${ElFormItem} label="针对的台账条目编号" for="entries"><${ElInput} id="entries" ...${bind(form, "entries")} /><span class="hint">几条之间用逗号隔开</span></>
      <${ElButton} type="primary" nativeType="submit" loading=${props.busy}>安排任务</>
    </>`;
  },
};

// Without any the usual four steps are set backwards by the server.
const Milestones = ({ form }) => html`<div class="milestones">
  ${form.milestones.length === 0 && html`<p class="hint">不填则按“制定方案、组织落实、检查验收、回访反馈”四步从完成时限倒排。</p>`}
  ${form.milestones.map((milestone, at) => html`<div class="buttons" key=${at}>
    <${ElInput} aria-label=${`第 ${at + 1} 个节点的名称`} maxlength="100" ...${bind(milestone, "name")} />
    <${ElDatePicker} aria-label=${`第 ${at + 1} 个节点的日期`} valueFormat="YYYY-MM-DD" format="YYYY-MM-DD" clearable=${false} ...${bind(milestone, "due")} />
    <${ElButton} onClick=${() => form.milestones.splice(at, 1)}>删去</>
  </div>`)}
  <${ElButton} onClick=${() => form.milestones.push({ name: "", due: form.deadline })}>加一个节点</>
</div>`;
Milestones.props = ["form"];

const sources = (draft) => html`<section class="panel">
  <div class="panel-head"><h2>草稿的依据</h2></div>
  <dl class="facts">
    <dt>问题</dt><dd><a href=${link(`/problems/${draft.problem_id}`)}>${draft.matter}</a></dd>
    ${draft.reasons.length > 0 && [html`<dt>单位</dt>`, html`<dd>${draft.reasons.join("；")}</dd>`]}
    <dt>期限</dt><dd>${draft.deadline_reason || "系统没有找到可依的期限"}${draft.provisional ? "（暂定：放假安排尚未公布）" : ""}</dd>
    ${draft.measures.map((measure) => [html`<dt>措施出处</dt>`, html`<dd>${measure.text}<br /><a href=${link(`/entries/${measure.entry_id}`)}>条目 ${measure.entry_id}</a><span class="muted">（${measure.department}），${measure.closed_on} 销号${measure.confirmed ? "，反映人说已解决" : ""}</span></dd>`])}
    ${draft.tell.length > 0 && [html`<dt>办成后告诉</dt>`, html`<dd>${draft.tell.join("；")}</dd>`]}
  </dl>
  ${draft.notes.map((note) => html`<p class="note warn" key=${note}>${note}</p>`)}
</section>`;
