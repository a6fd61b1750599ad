// 台账条目: one matter whole: what was told and why it came here, how far it is, what may be done now.

import { ElButton } from "element-plus";
import { reactive } from "vue";
import { get } from "../api.js";
import { html } from "../html.js";
import { Frame } from "../parts/frame.js";
import { useLoad } from "../parts/load.js";
import { Suggestion } from "../parts/suggestion.js";
import { useUnsaved } from "../parts/unsaved.js";
import { loadDepartmentNames, loadWords } from "../reference.js";
import { go, route } from "../router.js";
import { may } from "../session.js";
import { CommandDialog, arrange, isOnward } from "./entry/commands.js";
import { CorrectDialog, mayCorrect } from "./entry/correct.js";
import { Deadlines, Facts, Files, Notices, Place, Problem } from "./entry/facts.js";
import { History } from "./entry/history.js";
import { Letters } from "./entry/letters.js";
import { More } from "./entry/more.js";
import { ReplyEditor } from "./entry/reply.js";
import { Replies } from "./entry/replies.js";
import { RepeatsOfEntry } from "./entry/repeats.js";

const HELP = `一条台账的全部，和您现在可以办的动作（右上）。
标黄的字是判断领域的依据，标红的是紧急的依据；“系统建议”写着为什么派给这个单位。
写回告时，右边随写随评，下面有类似条目的答复可以借鉴；照抄会被督查发现。
别人同时办了这一条，系统会告诉您，您写的内容不会丢。`;

const blankDraft = () => ({ open: false, text: "", outcome: null, ground: "" });

// What is known of the entry, and the names for its codes. A place that the tree no longer has is told by its code.
async function loadFile(signal) {
  const told = await get(`/v1/entries/${route.params.id}`, {}, { signal });
  const codes = new Set([told.entry.division, ...told.decisions.flatMap((one) => [one.before.division, one.after.division])].filter(Boolean));
  const [departments, { enumerations }, own, ...divisions] = await Promise.all([
    loadDepartmentNames(), loadWords(), get(`/v1/submissions/${encodeURIComponent(told.entry.submission_id)}`, {}, { signal }),
    ...[...codes].map((code) => get(`/v1/divisions/${code}`, {}, { signal }).catch(() => ({ path: [], full_name: code }))),
  ]);
  const words = Object.fromEntries(Object.entries(enumerations).map(([key, list]) => [key, Object.fromEntries(list.map((one) => [one.code, one.name]))]));
  return { ...told, departments, words, submitter: own.submitter, divisions: Object.fromEntries([...codes].map((code, at) => [code, divisions[at]])) };
}

export default {
  setup() {
    const file = useLoad(loadFile);
    const job = reactive({ command: null, correcting: false });
    const draft = reactive(blankDraft());
    useUnsaved(() => Boolean(draft.text.trim()));

    function open(command) {
      if (command === "reply") draft.open = true;
      else if (command === "correct") job.correcting = true;
      else if (command === "task") go("/tasks/new", { entries: file.data.entry.id });
      else job.command = command;
    }
    const close = () => Object.assign(job, { command: null, correcting: false });
    const replied = () => Object.assign(draft, blankDraft());
    const actions = () => {
      if (!file.data) return null;
      const own = [mayCorrect(file.data) && { command: "correct", name: "更正认定" }, may("plan_tasks") && { command: "task", name: "安排任务" }];
      const { first, rest } = arrange(file.data, own.filter(Boolean));
      return [
        ...first.map((one, at) => html`<${ElButton} key=${one.command} type=${at === 0 && isOnward(one.command) ? "primary" : ""} onClick=${() => open(one.command)}>${one.name}</>`),
        rest.length > 0 && html`<${More} key="more" items=${rest} onPick=${open} />`,
      ];
    };
    const title = () => {
      const [submission] = file.data?.submissions ?? [];
      return file.data?.entry.matter || submission?.title || submission?.content.slice(0, 30) || `条目 ${route.params.id}`;
    };
    const command = () => file.data?.commands.find((one) => one.command === job.command);
    return () => html`<${Frame} title=${title()} lead=${file.data && `条目 ${route.params.id}`} help=${HELP} load=${file} actions=${actions}>${() => html`<div>
      ${body(file, draft, { open, replied })}
      ${job.command && html`<${CommandDialog} key=${job.command} name=${job.command} command=${command()} file=${file.data} reload=${file.reload} onDone=${close} onClose=${close} />`}
      ${job.correcting && html`<${CorrectDialog} file=${file.data} reload=${file.reload} onDone=${close} onClose=${close} />`}
    </div>`}</>`;
  },
};

// Once a clerk has decided, what asked for it need no longer be told.
const settled = ({ suggestion, decisions }) => (decisions.length ? { ...suggestion, review_reasons: [] } : suggestion);

const body = ({ data, reload }, draft, { open, replied }) => html`<${Notices} file=${data} onPick=${open} />
<div class="split">
  <div>
    <${Letters} file=${data} />
    ${draft.open && html`<${ReplyEditor} key="editor" file=${data} draft=${draft} reload=${reload} onDone=${replied} onClose=${() => { draft.open = false; }} />`}
    <${Replies} file=${data} />
    <${RepeatsOfEntry} key=${data.entry.id} file=${data} onDone=${reload} />
    <${History} file=${data} />
  </div>
  <div>
    <${Deadlines} file=${data} />
    <${Facts} file=${data} />
    <${Problem} file=${data} />
    <${Place} file=${data} />
    ${data.suggestion && html`<section class="panel" key="suggestion"><div class="panel-head"><h2>系统建议</h2></div><${Suggestion} suggestion=${settled(data)} /></section>`}
    <${Files} file=${data} onPick=${open} />
  </div>
</div>`;
