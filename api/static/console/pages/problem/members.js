// The members on a time line, the newest first; chosen ones are split off, moved or taken out.

import { ElButton, ElCheckbox } from "element-plus";
import { reactive } from "vue";
import { get } from "../../api.js";
import { count, percent, stateTag, tag, time } from "../../format.js";
import { html } from "../../html.js";
import { actorName } from "../../names.js";
import { useAction } from "../../parts/failure.js";
import { link } from "../../router.js";

export const Members = {
  props: ["file", "corrects"],
  emits: ["split", "move", "out"],
  setup(props, { emit }) {
    const state = reactive({ lines: [...props.file.members.lines], next: props.file.members.next, chosen: new Set() });
    const more = useAction(async () => {
      const page = await get(`/v1/problems/${props.file.problem.id}/members`, { cursor: state.next, limit: 100 });
      state.lines.push(...page.lines);
      state.next = page.next;
    });
    const toggle = (id, on) => (on ? state.chosen.add(id) : state.chosen.delete(id));
    const ids = () => [...state.chosen];
    const bulk = () => html`<div class="bulk"><span>已选 ${state.chosen.size} 件</span>
      <${ElButton} size="small" disabled=${state.chosen.size >= props.file.problem.size} onClick=${() => emit("split", ids())}>拆成新问题</>
      <${ElButton} size="small" onClick=${() => emit("move", ids())}>移到别的问题</>
      <${ElButton} size="small" onClick=${() => emit("out", ids())}>移出</>
    </div>`;
    return () => html`<section class="panel" aria-label="来件时间线">
      <div class="panel-head"><h2>来件时间线</h2><span class="muted">${count(props.file.seen)} 件，新的在前${props.corrects ? "；勾选后可以拆分、移动" : ""}</span></div>
      ${state.chosen.size > 0 && bulk()}
      <ol class="timeline members">${state.lines.map((line) => member(line, props, state, toggle))}</ol>
      ${state.next && html`<${ElButton} loading=${more.busy} onClick=${more.run}>再看 100 件</>`}
    </section>`;
  },
};

const member = (line, { corrects, file }, state, toggle) => html`<li key=${line.submission_id}>
  <div class="member">
    ${corrects && html`<${ElCheckbox} aria-label=${`选择：${line.title || line.submission_id}`} modelValue=${state.chosen.has(line.submission_id)} onChange=${(on) => toggle(line.submission_id, on)} />`}
    <a class="what" href=${link(`/submissions/${encodeURIComponent(line.submission_id)}`)}>${line.title || line.excerpt.slice(0, 30) || "（无标题）"}</a>
    ${line.entries.map((entry) => html`<a key=${entry.id} class="entry" href=${link(`/entries/${entry.id}`)} title=${`条目 ${entry.id}`}>${stateTag(entry.state)} <span class="muted">${file.names[entry.lead_department] ?? entry.lead_department}</span></a>`)}
    ${line.entries.length === 0 && tag("未交办")}
  </div>
  <div class="moment">${time(line.at)}${line.channel ? ` · ${line.channel}` : ""}${line.place ? ` · ${line.place}` : ""} · ${line.placed_by === "machine" ? `相似 ${percent(line.likeness)}` : `${line.placed_by_name ?? actorName(line.placed_by)} 归入`}</div>
</li>`;
