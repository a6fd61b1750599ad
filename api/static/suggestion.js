// A suggestion as a clerk reads it: the labels, why, and the words in the text that spoke for them.

import { make } from "./dom.js";

const percent = (share) => `${Math.round(100 * share)}%`;

export function makeSuggestion(said, sent, dispatched = false) {
  return [
    makeLabels(said, dispatched),
    makeDomain(said.domain),
    ...makeNotices(said),
    makeFacts(said),
    make("div", {}, make("h3", {}, "原文中的依据"), ...makeText(said, sent)),
    make("p", { class: "model" }, `模型 ${said.model}。系统只建议，由经办人认定。`),
  ];
}

export function makeFile(file) {
  const { submission, suggestion, entries } = file;
  const head = [submission.id, submission.channel, submission.place, submission.recorded_at.slice(0, 16).replace("T", " ")];
  const entry = entries.at(-1);
  const standing = entry ? `台账条目 ${entry.id} · ${entry.state_name} · 第 ${entry.version} 版` : "尚未派出，等经办人认定";
  const parts = [
    make("h2", {}, submission.title || "（无标题）"),
    make("p", { class: "muted" }, head.filter(Boolean).join(" · ")),
    make("p", { class: entry ? "go" : "wait" }, standing),
  ];
  if (!suggestion) return [...parts, make("div", { class: "quote" }, submission.content)];
  return [...parts, ...makeSuggestion(suggestion, submission, Boolean(entry))];
}

function makeLabels(said, dispatched) {
  const { urgency, nature, flags } = said;
  return make("div", { class: "labels" },
    make("span", { class: `tag u${urgency.level}` }, urgency.name),
    make("span", { class: "tag" }, nature.name),
    ...flags.map((flag) => make("span", { class: "tag muted" }, flag)),
    make("span", { class: "grow" }),
    dispatched ? "" : said.needs_review ? make("span", { class: "wait" }, "先由人复核") : make("span", { class: "go" }, "可直接派出"));
}

function makeDomain(domain) {
  const step = () => make("span", {}, "›");
  const bar = make("meter", { min: 0, max: 1, value: domain.confidence, low: 0.5, high: 0.8, optimum: 1 });
  return make("div", {},
    make("div", { class: "path" }, domain.level1, step(), domain.level2, step(), domain.level3),
    make("div", { class: "sure" }, bar, `三级把握 ${percent(domain.confidence)}，一级 ${percent(domain.level1_confidence)}`));
}

function makeNotices(said) {
  const notices = [];
  const add = (head, text) => notices.push(make("div", { class: "notice" }, make("b", {}, head), text));
  if (said.confidential) add("涉检举控告：", "入库后只有纪检人员可以查看，不得转给被反映的人和单位。");
  if (said.review_reasons.length) add("复核原因：", said.review_reasons.join("；"));
  if (said.flags.includes("个人信息")) add("含个人信息：", "文中有姓名、电话、证件号或住址，外发和导出前请先遮盖。");
  return notices;
}

function makeFacts(said) {
  const { department, urgency, place, domain } = said;
  const facts = make("dl", { class: "facts" });
  const add = (name, ...content) => facts.append(make("dt", {}, name), make("dd", {}, ...content));
  add("主办", make("b", {}, department.lead || "未定，由经办人选择"));
  if (department.assisting.length) add("协办", department.assisting.join("、"));
  if (department.reasons.length) add("派单理由", makeList(department.reasons));
  if (department.ground) add("法规依据", department.ground);
  const reasons = urgency.reasons.length ? makeList(urgency.reasons) : `未见紧急情形，把握 ${percent(urgency.confidence)}`;
  add("紧急理由", reasons);
  const candidates = place.candidates.map((one) => one.name).join("、");
  if (place.text) add("地点", place.text, candidates ? make("span", { class: "muted" }, `（可能是 ${candidates}）`) : "");
  if (domain.alternatives.length) {
    add("备选领域", make("ul", { class: "alternatives" }, ...domain.alternatives.map((one) =>
      make("li", {}, `${one.level1} › ${one.level2} › ${one.level3}　${percent(one.confidence)}`))));
  }
  return facts;
}

function makeList(items) {
  return items.length === 1 ? items[0] : make("ul", {}, ...items.map((item) => make("li", {}, item)));
}

function makeText(said, sent) {
  const parts = [];
  for (const field of ["title", "content"]) {
    if (sent[field]) parts.push(make("p", { class: "quote" }, ...markText(spansOf(said, field, sent[field]))));
  }
  return parts;
}

// Offsets count characters, not UTF-16 units, so the text is taken apart into characters.
function spansOf(said, field, text) {
  const spans = said.evidence.filter((span) => span.field === field).map(({ start, end }) => ({ start, end, kind: "" }));
  const characters = Array.from(text);
  for (const reason of said.urgency.reasons) {
    for (const [, words] of reason.matchAll(/[“「]([^”」]+)[”」]/g)) {
      const at = text.indexOf(words);
      if (at >= 0) {
        const start = Array.from(text.slice(0, at)).length;
        spans.push({ start, end: start + Array.from(words).length, kind: "danger" });
      }
    }
  }
  return { characters, spans };
}

function markText({ characters, spans }) {
  const kinds = new Array(characters.length).fill(null);
  for (const { start, end, kind } of spans) {
    for (let at = start; at < Math.min(end, kinds.length); at++) kinds[at] = kind || kinds[at] || "";
  }
  const parts = [];
  for (let at = 0; at < characters.length;) {
    let end = at;
    while (end < characters.length && kinds[end] === kinds[at]) end++;
    const words = characters.slice(at, end).join("");
    parts.push(kinds[at] === null ? words : make("mark", { class: kinds[at] }, words));
    at = end;
  }
  return parts;
}
