// One common problem: what it is, how hot and why, who told of it and when, what is done about it,
// and putting it right.

import { ElButton } from "element-plus";
import { reactive } from "vue";
import { get, post } from "../api.js";
import { count, day, tag, time, urgencyTag } from "../format.js";
import { html } from "../html.js";
import { TASK_STATES, actorName } from "../names.js";
import { askReason, confirm } from "../parts/dialogs.js";
import { attempt, told } from "../parts/failure.js";
import { Frame } from "../parts/frame.js";
import { useLoad } from "../parts/load.js";
import { loadDepartmentNames } from "../reference.js";
import { go, link, route } from "../router.js";
import { may } from "../session.js";
import { HeatPanel } from "./problem/heat.js";
import { Members } from "./problem/members.js";
import { Dialogs } from "./problem/dialogs.js";
import { Weeks } from "./problem/weeks.js";

const HELP = `几件来件说的同一件具体的事。先看“代表来件”，再看时间线上各件。
归得不对：勾选来件，拆成新问题、移到别的问题、移出；名字不好就改名；与别的问题是一回事就合并；根本不是一件事，标为“不是共性问题”。人的更正永远算数，重新归并也不会改回去。
“建议任务”按各件的主办单位、时限和类似办结条目的措施拟出草稿，核对后安排。`;
const TASK_TONES = { open: "work", done: "good", cancelled: "calm" };
const DONE = { rename: "已经改名", merge: "已经合并", split: "已经拆成新问题", move: "已经移出", add: "已经加入", dismiss: "已标为不是共性问题", restore: "已经恢复" };

export default {
  setup() {
    const file = useLoad(async (signal) => {
      const [told, departments] = await Promise.all([get(`/v1/problems/${route.params.id}`, {}, { signal }), loadDepartmentNames()]);
      return { ...told, names: departments };
    });
    const state = reactive({ dialog: null, picked: [], busy: false });

    // Every correction goes with the version that was seen; where another was first, it is read again.
    async function correct(kind, said) {
      if (state.busy) return;
      state.busy = true;
      await attempt(async () => {
        const { problem } = file.data;
        const { id } = await post(`/v1/problems/${problem.id}/corrections`, { version: problem.version, kind, ...said });
        told(DONE[kind]);
        Object.assign(state, { dialog: null, picked: [] });
        if (id === problem.id) await file.reload();
        else go(`/problems/${id}`);
      }, { reload: file.reload });
      state.busy = false;
    }
    const dismiss = async () => {
      const note = await askReason("不是共性问题", { text: "标了以后不再列出，重新归并也不会再冒出来；以后可以恢复。请写明理由。", yes: "标为不是共性问题" });
      if (note !== null) await correct("dismiss", { note });
    };
    const restore = async () => {
      if (await confirm("恢复后重新列入共性问题。", "恢复", { yes: "恢复" })) await correct("restore", {});
    };
    const open = (dialog, picked = []) => Object.assign(state, { dialog, picked });
    const corrects = () => may("correct_problems") && file.data && file.data.problem.state !== "merged";
    const actions = () => {
      if (!file.data) return null;
      const { problem } = file.data;
      const plans = may("plan_tasks") && problem.state === "open";
      return [
        plans && html`<${ElButton} type="primary" onClick=${() => go("/tasks/new", { problem: problem.id })}>建议任务</>`,
        corrects() && html`<${ElButton} onClick=${() => open("rename")}>改名</>`,
        corrects() && html`<${ElButton} onClick=${() => open("merge")}>合并别的问题</>`,
        corrects() && problem.state !== "dismissed" && html`<${ElButton} loading=${state.busy} onClick=${dismiss}>不是共性问题</>`,
        corrects() && problem.state === "dismissed" && html`<${ElButton} loading=${state.busy} onClick=${restore}>恢复</>`,
      ];
    };
    return () => html`<${Frame} title=${file.data?.problem.name} help=${HELP} load=${file} actions=${actions}>${() => html`<div>
      ${standing(file.data.problem)}
      <div class="split">
        <div>
          <${HeatPanel} problem=${file.data.problem} />
          <${Weeks} problem=${file.data.problem} />
          ${file.data.examples.length > 0 && examples(file.data.examples)}
          <${Members} key=${`${file.data.problem.id}-${file.data.problem.version}`} file=${file.data} corrects=${corrects()} onSplit=${(ids) => open("split", ids)} onMove=${(ids) => open("move", ids)} onOut=${(ids) => open("out", ids)} />
        </div>
        <div>${facts(file.data)}${tasks(file.data)}${corrections(file.data)}</div>
      </div>
      ${state.dialog && html`<${Dialogs} kind=${state.dialog} problem=${file.data.problem} picked=${state.picked} busy=${state.busy} onSay=${correct} onClose=${() => open(null)} />`}
    </div>`}</>`;
  },
};

function standing(problem) {
  if (problem.state === "merged") return html`<p class="note warn">已并入 <a href=${link(`/problems/${problem.merged_into}`)}>问题 ${problem.merged_into}</a>，请到那里看。</p>`;
  if (problem.state === "dismissed") return html`<p class="note warn">已标为不是共性问题，不再列出。</p>`;
  if (problem.state === "empty") return html`<p class="note warn">已不足两件来件，不再列出。</p>`;
  return null;
}

const examples = (lines) => html`<section class="panel"><div class="panel-head"><h2>代表来件</h2><span class="muted">先读这几件就知道是什么事</span></div>
  ${lines.map((line) => html`<article key=${line.submission_id} class="example"><a href=${link(`/submissions/${encodeURIComponent(line.submission_id)}`)}><b>${line.title || "（无标题）"}</b></a> <span class="muted number">${day(line.at)}</span><p>${line.excerpt}</p></article>`)}
</section>`;

function facts({ problem, divisions, names, people, seen }) {
  const counted = (counts, known) => Object.entries(counts).sort((one, other) => other[1] - one[1]).map(([code, number], at) => [at ? "、" : "", `${known[code] ?? code} ${count(number)} 件`]);
  return html`<section class="panel"><dl class="facts">
    <dt>主题</dt><dd><a href=${link("/problems", { theme: problem.theme })}>${problem.theme_name}</a></dd>
    <dt>领域</dt><dd>${problem.domain.split("/").join(" › ")}</dd>
    <dt>来件</dt><dd class="number">${count(problem.size)} 件，${count(problem.reporters)} 人反映${seen < problem.size ? `；您看得到 ${count(seen)} 件` : ""}</dd>
    <dt>区划</dt><dd>${counted(problem.divisions, divisions)}${Object.keys(problem.divisions).length ? "" : "没有写明"}</dd>
    <dt>主办单位</dt><dd>${counted(problem.departments, names)}${Object.keys(problem.departments).length ? "" : "都还没有交办"}</dd>
    <dt>紧急程度</dt><dd><span class="buttons">${Object.entries(problem.urgencies).map(([level, number]) => html`<span key=${level}>${urgencyTag(Number(level))} ${count(number)} 件</span>`)}</span></dd>
    <dt>首次反映</dt><dd class="number">${time(problem.first_seen)}</dd>
    <dt>最近一次</dt><dd class="number">${time(problem.last_seen)}</dd>
    ${problem.named_by && [html`<dt>定名</dt>`, html`<dd>${actorName(problem.named_by, people)}</dd>`]}
    ${problem.words.length > 0 && [html`<dt>共有的词</dt>`, html`<dd><span class="buttons" title="多数来件共有的少见词，使它们成为一件事">${problem.words.map((word) => tag(word, "work"))}</span></dd>`]}
  </dl></section>`;
}

const tasks = ({ tasks: planned, problem }) => html`<section class="panel"><div class="panel-head"><h2>任务</h2><span class="grow"></span><a class="more" href=${link("/lists", { list: "tasks" })}>任务清单</a></div>
  ${planned.length === 0 ? html`<p class="muted">还没有安排任务。${may("plan_tasks") && problem.state === "open" ? html`<a href=${link("/tasks/new", { problem: problem.id })}>看看系统拟的草稿</a>` : ""}</p>`
    : html`<ul class="waiting">${planned.map((task) => html`<li key=${task.id}>${tag(TASK_STATES[task.state], TASK_TONES[task.state])}<a class="what" href=${link(`/tasks/${task.id}`)}>${task.title}</a><span class="where muted">${task.department_name}</span><span class="when number muted">${day(task.deadline_at)}</span></li>`)}</ul>`}
</section>`;

const corrections = ({ corrections: said, people }) => said.length > 0 && html`<section class="panel"><div class="panel-head"><h2>人的更正</h2></div>
  <ol class="timeline">${said.map((one, at) => html`<li key=${at}>
    <div>${one.kind_name}${one.submissions ? ` ${count(one.submissions)} 件` : ""}${one.other_id ? html`，<a href=${link(`/problems/${one.other_id}`)}>问题 ${one.other_id}</a>` : ""}</div>
    <div class="moment">${time(one.at)} · ${actorName(one.who, people)}</div>
    ${one.note && html`<div class="letter">${one.note}</div>`}
  </li>`)}</ol></section>`;
