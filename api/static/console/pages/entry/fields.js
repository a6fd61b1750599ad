// One field of a command's form, drawn by what it is.

import { ElButton, ElDatePicker, ElFormItem, ElInput, ElInputNumber, ElOption, ElRadio, ElRadioGroup, ElSelect } from "element-plus";
import { encodeFile } from "../../api.js";
import { size } from "../../format.js";
import { bind, html } from "../../html.js";
import { SATISFACTIONS, URGENCIES } from "../../names.js";
import { FileDrop } from "../../parts/drop.js";
import { attempt } from "../../parts/failure.js";
import { DepartmentPicker, PersonPicker } from "../../parts/pickers.js";

const NAMES = {
  note: "说明", lead: "主办单位", assisting: "协办单位", assignee: "承办人", name: "文件", amount: "延长多少", unit: "时间单位", ground: "依据", to: "转往何处",
  matter: "原条目留下的事项", parts: "拆出的事项", into: "并入的条目编号", solved: "反映的问题是否解决", satisfaction: "满意程度", comment: "反映人的话",
  submission_id: "是哪位反映人的评价", level: "督办方式", person: "包案人", by: "督办期限",
};
const OWN_NAMES = {
  return: { note: "退回理由" }, reassign: { note: "改派理由" }, overrule: { note: "不同意退回的理由" }, progress: { note: "进展情况" },
  "request-extension": { note: "申请理由" }, "refuse-extension": { note: "不批的理由" }, forward: { note: "转送理由" }, reopen: { note: "重办理由" },
  urge: { note: "督办要求" }, withdraw: { note: "撤回理由" }, decline: { ground: "不予受理的依据" }, close: { ground: "没有评价的事由" }, pause: { ground: "停表事由" },
  alarm: { to: "紧急热线" }, "grant-extension": { amount: "批准延长多少" },
};
const FILES = ".jpg,.jpeg,.png,.pdf,.docx,.xlsx,.doc,.xls,.mp4,.m4a,.3gp,.mp3,.amr";
const LARGEST = 10_000_000;

const blankPart = () => ({ matter: "", lead: undefined, urgency: undefined });

const TEXTS = new Set(["note", "assignee", "name", "content", "ground", "matter", "comment", "person"]);
const BLANKS = { parts: () => [blankPart()], assisting: () => [], level: () => "urge", solved: () => null, satisfaction: () => null };

export const blankOf = (key) => BLANKS[key]?.() ?? (TEXTS.has(key) ? "" : undefined);

export function isFilled(value) {
  if (Array.isArray(value)) return value.length > 0 && value.every((part) => typeof part !== "object" || (part.matter.trim() && part.lead));
  return typeof value === "string" ? value.trim() !== "" : value !== null && value !== undefined;
}

// What was filled in, as the API takes it; what was left empty is not told.
export function read(form) {
  const told = { ...form };
  if (told.level === "urge") [told.person, told.by] = [undefined, undefined];
  return Object.fromEntries(Object.entries(told).filter(([, value]) => isFilled(value)));
}

// html`<${Field} name="note" command="return" form=${form} file=${file} rule=${rule} required error="…" />`
export const Field = (props) => {
  const { name, command, form } = props;
  if (form.level === "urge" && (name === "person" || name === "by")) return null;
  if (name === "submission_id" && props.file.submissions.length < 2) return null;
  const id = `field-${name}`;
  return html`<${ElFormItem} label=${OWN_NAMES[command]?.[name] ?? NAMES[name]} for=${id} required=${props.required || (form.level === "listed" && (name === "person" || name === "by"))} error=${props.error}>${draw(props, id)}</>`;
};
Field.props = ["name", "command", "form", "file", "rule", "required", "error"];

const choices = (words) => Object.entries(words ?? {}).map(([code, name]) => html`<${ElOption} key=${code} value=${code} label=${name} />`);
const area = (form, key, id, most) => html`<${ElInput} id=${id} type="textarea" autosize=${{ minRows: 3, maxRows: 10 }} maxlength=${most} showWordLimit ...${bind(form, key)} />`;

function draw({ name, command, form, file, rule }, id) {
  switch (name) {
    case "lead": return html`<${DepartmentPicker} id=${id} label="主办单位" ...${bind(form, "lead")} />`;
    case "assisting": return html`<${DepartmentPicker} id=${id} label="协办单位" multiple ...${bind(form, "assisting")} /><span class="hint">${file.entry.assisting.length ? `不选照旧：${file.entry.assisting.join("、")}` : "可以不选"}</span>`;
    case "assignee": return html`<${PersonPicker} id=${id} department=${file.entry.lead_department} placeholder=${command === "accept" ? "不选为本人" : undefined} ...${bind(form, "assignee")} />`;
    case "name": return html`<${Upload} form=${form} />`;
    case "amount": return html`<${Amount} id=${id} form=${form} file=${file} rule=${rule} command=${command} />`;
    case "unit": return html`<${Unit} id=${id} form=${form} file=${file} rule=${rule} />`;
    case "ground": return command === "pause" && rule?.pauses.length
      ? html`<${ElSelect} id=${id} ariaLabel="停表事由" placeholder="按规定列明的事由" ...${bind(form, "ground")}>${rule.pauses.map((one) => html`<${ElOption} key=${one} value=${one} label=${one} />`)}</>`
      : html`<${ElInput} id=${id} maxlength="2000" placeholder=${command === "close" ? "如：三次回访未接通" : command === "pause" ? "按规定列明的事由" : "法律、法规、政策的名称和条款"} ...${bind(form, "ground")} />`;
    case "to": return html`<${ElSelect} id=${id} ariaLabel="转往何处" placeholder="请选择" ...${bind(form, "to")}>${command === "alarm" ? Object.entries(file.words.emergency_lines).map(([code, word]) => html`<${ElOption} key=${code} value=${code} label=${`${code} ${word}`} />`) : choices(file.words.forward_bodies)}</>`;
    case "parts": return html`<${Parts} form=${form} />`;
    case "into": return html`<${ElInputNumber} id=${id} min=${1} controls=${false} precision=${0} placeholder="另一条的编号" ...${bind(form, "into")} />`;
    case "solved": return html`<${ElRadioGroup} aria-label="是否解决" ...${bind(form, "solved")}><${ElRadio} value=${true}>已解决</><${ElRadio} value=${false}>未解决</></>`;
    case "satisfaction": return html`<${ElRadioGroup} aria-label="满意程度" ...${bind(form, "satisfaction")}>${Object.keys(SATISFACTIONS).map(Number).sort((a, b) => b - a).map((code) => html`<${ElRadio} key=${code} value=${code}>${SATISFACTIONS[code]}</>`)}</>`;
    case "submission_id": return html`<${ElSelect} id=${id} ariaLabel="反映人" clearable placeholder="不选为本条自己的来件" ...${bind(form, "submission_id")}>${file.submissions.map((one) => html`<${ElOption} key=${one.id} value=${one.id} label=${`${one.id} ${one.title}`} />`)}</>`;
    case "level": return html`<${ElRadioGroup} aria-label="督办方式" ...${bind(form, "level")}>${Object.entries(file.words.urge_levels ?? {}).map(([code, word]) => html`<${ElRadio} key=${code} value=${code}>${word}</>`)}</>`;
    case "person": return html`<${ElInput} id=${id} maxlength="50" ...${bind(form, "person")} />`;
    case "by": return html`<${ElDatePicker} id=${id} type="datetime" valueFormat="YYYY-MM-DDTHH:mm:ss" format="YYYY-MM-DD HH:mm" placeholder="日期和时间" ...${bind(form, "by")} />`;
    case "matter": return html`<${ElInput} id=${id} maxlength="200" placeholder="一句话，不填照旧" ...${bind(form, "matter")} />`;
    default: return area(form, name, id, 2_000);
  }
}

// One file, read here and sent with its name.
const Upload = ({ form }) => {
  const pick = (file) => attempt(async () => { Object.assign(form, { content: await encodeFile(file), name: file.name }); });
  return html`<div class="upload"><${FileDrop} accept=${FILES} most=${LARGEST} camera onPick=${pick}>${form.name ? html`<b>${form.name}</b>` : html`<span class="at-desk">把照片、记录等拖到这里，或点击选择，</span><span class="in-hand">选照片、记录等，</span>至多 ${size(LARGEST)}`}</></div>`;
};
Upload.props = ["form"];

// The rule in force names the unit and the most: "5 workday".
const limitOf = (rule) => (rule?.extension ? { most: Number(rule.extension.split(" ")[0]), unit: rule.extension.split(" ")[1] } : null);

const Amount = ({ id, form, file, rule, command }) => {
  const asked = file.extensions.find((one) => one.granted === null);
  const most = command === "grant-extension" ? asked?.amount : limitOf(rule)?.most;
  return html`<${ElInputNumber} id=${id} min=${1} max=${most ?? 1000} precision=${0} controlsPosition="right" ...${bind(form, "amount")} />
    <span class="hint unit">${command === "grant-extension" ? `${file.words.units[asked?.unit] ?? ""}，申请的是 ${asked?.amount ?? "—"}` : most ? `所依规定一次至多 ${rule.extension_name}` : rule ? "所依规定不许延期" : ""}</span>`;
};
Amount.props = ["id", "form", "file", "rule", "command"];

const Unit = ({ id, form, file, rule }) => {
  const only = limitOf(rule)?.unit;
  if (only && form.unit !== only) queueMicrotask(() => { form.unit = only; });
  return html`<${ElSelect} id=${id} ariaLabel="时间单位" placeholder="请选择" ...${bind(form, "unit")}>${Object.entries(file.words.units).filter(([code]) => !only || code === only).map(([code, word]) => html`<${ElOption} key=${code} value=${code} label=${word} />`)}</>`;
};
Unit.props = ["id", "form", "file", "rule"];

const Parts = ({ form }) => html`<div class="parts">
  ${form.parts.map((part, at) => html`<div class="part" key=${at}>
    <${ElInput} aria-label=${`第 ${at + 1} 件事`} placeholder="事项，一句话" maxlength="200" ...${bind(part, "matter")} />
    <${DepartmentPicker} label=${`第 ${at + 1} 件事的主办单位`} placeholder="主办单位" ...${bind(part, "lead")} />
    <${ElSelect} ariaLabel=${`第 ${at + 1} 件事的紧急程度`} clearable placeholder="紧急程度照旧" ...${bind(part, "urgency")}>${Object.entries(URGENCIES).map(([code, word]) => html`<${ElOption} key=${code} value=${Number(code)} label=${word} />`)}</>
    ${form.parts.length > 1 && html`<${ElButton} onClick=${() => form.parts.splice(at, 1)}>删去</>`}
  </div>`)}
  <${ElButton} size="small" onClick=${() => form.parts.push(blankPart())}>再拆一件</>
</div>`;
Parts.props = ["form"];
