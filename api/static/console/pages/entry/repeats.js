// What the entry's submission probably repeats, to be merged or called none; decided once for good.

import { ElButton } from "element-plus";
import { get, post } from "../../api.js";
import { count } from "../../format.js";
import { html } from "../../html.js";
import { askReason } from "../../parts/dialogs.js";
import { attempt, told } from "../../parts/failure.js";
import { useLoad } from "../../parts/load.js";
import { Repeats } from "../../parts/repeats.js";
import { may } from "../../session.js";

export const RepeatsOfEntry = {
  props: ["file"],
  emits: ["done"],
  setup(props, { emit }) {
    const address = () => `/v1/submissions/${encodeURIComponent(props.file.entry.submission_id)}`;
    const found = useLoad((signal) => get(`${address()}/repeats`, { limit: 50 }, { signal }), () => props.file.entry.version);

    async function merge(line, into) {
      const note = await askReason("并件", { text: `把本条并入条目 ${into}，由那一条答复，反映人各得答复。可写说明。`, required: false, yes: "并件" });
      if (note === null) return;
      const { id, version } = props.file.entry;
      await attempt(async () => {
        await post(`${address()}/repeats:merge`, { other: line.other.id, version, note, entry: id, into });
        told(`已并入条目 ${into}`);
      }, { reload: () => emit("done") }) && emit("done");
    }
    async function dismiss(line) {
      const note = await askReason("不是重复", { text: "认定两件不是同一事项，以后不再提示这一对。可写理由。", required: false, yes: "不是重复" });
      if (note === null) return;
      await attempt(async () => {
        await post(`${address()}/repeats:dismiss`, { other: line.other.id, note });
        told("以后不再提示这一对");
        await found.reload();
      });
    }
    const mayMerge = () => props.file.commands.some((one) => one.command === "merge");
    const targets = (line) => line.entries.filter((one) => one.id !== props.file.entry.id && one.state !== "merged");
    const merges = (line) => (mayMerge() && line.state !== "merged" ? targets(line).map((one) => html`<${ElButton} key=${one.id} size="small" onClick=${() => merge(line, one.id)}>并入条目 ${one.id}</>`) : []);
    const decisions = (line) => may("assign") && line.state === "suspected" && [...merges(line), html`<${ElButton} key="no" size="small" onClick=${() => dismiss(line)}>不是重复</>`];
    return () => {
      const { lines = [], in_other_words: others = [] } = found.data ?? {};
      if (!lines.length && !others.length) return null;
      return html`<section class="panel">
        <div class="panel-head"><h2>疑似重复</h2><span class="muted">${count(lines.length + others.length)} 件</span></div>
        ${lines.length > 0 && html`<${Repeats} lines=${lines} actions=${decisions} />`}
        ${others.length > 0 && html`<details open=${lines.length === 0}><summary>同一共性问题中的另一说法（${count(others.length)} 件）</summary><${Repeats} lines=${others} actions=${merges} /></details>`}
      </section>`;
    };
  },
};
