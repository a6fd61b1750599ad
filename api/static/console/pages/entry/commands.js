// The commands that may be given to the entry now, and the form of each, made from what it needs and takes.

import { ElButton, ElForm } from "element-plus";
import { reactive } from "vue";
import { get, post } from "../../api.js";
import { html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";
import { told, useAction } from "../../parts/failure.js";
import { useLoad } from "../../parts/load.js";
import { RestFirst } from "../../parts/rest.js";
import { go } from "../../router.js";
import { Field, blankOf, isFilled, read } from "./fields.js";

const FIRST = 3; // beside the heading; the others under 更多动作
const ONWARD = ["accept", "reply", "assign", "evaluate", "close", "resume"]; // what brings the matter on, before all else
const ORDER = [
  ...ONWARD, "overrule", "alarm", "progress", "urge", "reassign", "correct", "return", "attach", "reopen", "request-extension", "delegate", "pause",
  "recall", "merge", "split", "task", "forward", "decline", "withdraw",
];
const DECIDED_ABOVE = new Set(["grant-extension", "refuse-extension"]); // offered where the request is shown
const HINTS = {
  accept: "签收后即在办，时限照走。承办人不选为您本人。",
  return: "退给受理员，由受理员改交其他单位，或驳回退件。",
  assign: "送到主办单位，签收和异议的期限重新计算，办理时限不重新计算。",
  reassign: "换主办单位，新单位另行签收；办理时限不重新计算。",
  recall: "收回没有签收的件，另行交办。",
  overrule: "不同意退回，仍由原单位办理，该单位不能再退。",
  pause: "按规定列明的事由停表，恢复后补回这段时间。",
  resume: "恢复计时，停表的时间补回。",
  decline: "不再受理，依据会告知反映人。",
  forward: "转往本系统以外的机关，条目就此了结。转纪检的，整件来件连同办理记录当场封存，此后在台账里查不到。",
  alarm: "特急的立即转紧急热线；条目照常办理后续。",
  split: "一件多事：拆出的事项各成一条，各交各的单位。",
  merge: "并入同一事项的另一条：反映人一个不少，每人都得到回告。",
  evaluate: "记下反映人怎么看；说未解决的，条目退回重新办理。",
  close: "从清单上划去。",
  reopen: "回到主办单位重新办理，时限重新计算。",
  urge: "督办次数加一；挂牌督办须写明包案人和期限。",
  withdraw: "反映人撤回或登记有误；没有办理结果，不计入办结。",
  "request-extension": "由督查员批；同一时候只能有一份申请。",
  "grant-extension": "不填数量即照申请批，也可以批得少些。",
};
const RULED = new Set(["pause", "request-extension"]); // their choices come from the rule in force

// The commands as they are shown: the first few, and the rest. `more` [{ command, name }] are those of
// the page itself.
export function arrange({ commands, entry }, more = []) {
  const shown = commands.filter(({ command }) => !DECIDED_ABOVE.has(command) && (command !== "alarm" || entry.urgency === 1));
  const rank = ({ command }) => (command === "close" && entry.state === "evaluated" ? 0 : ORDER.indexOf(command) + 1 || ORDER.length + 1);
  const sorted = [...shown, ...more].sort((a, b) => rank(a) - rank(b));
  return { first: sorted.slice(0, FIRST), rest: sorted.slice(FIRST) };
}

export const isOnward = (command) => ONWARD.includes(command);

// `command` { command, name, needs, takes } may go while the dialog stands open: another was quicker.
export const CommandDialog = {
  props: ["name", "command", "file", "reload"],
  emits: ["done", "close"],
  setup(props, { emit }) {
    const { needs, takes, name } = props.command;
    const keys = [...needs, ...takes].filter((key) => key !== "content"); // the file comes with its name
    const state = reactive({ form: Object.fromEntries([...needs, ...takes].map((key) => [key, blankOf(key)])), wrong: {} });
    const rules = RULED.has(props.name) ? useLoad((signal) => get("/v1/deadlines/settings", {}, { signal })) : null;
    const rule = () => rules?.data?.rulebook.rules.find((one) => one.name === props.file.entry.rule);
    const barred = () => rule() && (props.name === "pause" ? rule().pauses.length === 0 : !rule().extension);

    const send = useAction(async () => {
      state.wrong = Object.fromEntries(needs.filter((key) => !isFilled(state.form[key])).map((key) => [key === "content" ? "name" : key, "请填写"]));
      if (Object.keys(state.wrong).length) return;
      const { entry } = props.file;
      let answer = null;
      try {
        answer = await post(`/v1/entries/${entry.id}/${props.name}`, { version: entry.version, ...read(state.form) });
      } catch (error) {
        if (!keys.includes(error.field)) throw error;
        state.wrong = { [error.field]: error.message };
        return;
      }
      if (!answer.entry) { // under the seal now: from here on there is no such entry
        told(answer.notice);
        emit("done");
        go("/ledgers");
        return;
      }
      await props.reload(); // before the form goes, so that nobody acts on what stood before
      told(`${name}：已经办好`);
      emit("done");
    }, { reload: props.reload });

    return () => html`<${Dialog} title=${name} onClose=${() => emit("close")}>
      ${HINTS[props.name] && html`<p class="hint above">${HINTS[props.name]}</p>`}
      ${!props.command && html`<p class="note bad">这一条已经不能再“${name}”，别人先办了。请关闭后看看现在的情况。</p>`}
      ${barred() ? html`<p class="note warn">按“${rule().name}”的规定不能${props.name === "pause" ? "停表" : "延期"}，请抓紧办理。</p>` : html`<${ElForm} labelPosition="top" onSubmit=${(event) => { event.preventDefault(); send.run(); }}>
        ${keys.map((key) => html`<${Field} key=${key} name=${key} command=${props.name} form=${state.form} file=${props.file} rule=${rule()} required=${needs.includes(key)} error=${state.wrong[key]} />`)}
        ${state.form.to === "discipline" && html`<${RestFirst} id=${props.file.entry.submission_id} split=${props.file.others.length > 0} />`}
        <div class="buttons"><${ElButton} type="primary" nativeType="submit" loading=${send.busy} disabled=${!props.command}>${name}</><${ElButton} onClick=${() => emit("close")}>取消</></div>
      </>`}
    </>`;
  },
};
