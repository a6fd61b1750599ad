// One sheet of the review queue: what came in, what was suggested, and what the clerk makes of it.

import { reactive } from "vue";
import { post } from "../../api.js";
import { NATURES } from "../../names.js";

export const ACCUSATION = "检举控告";
const PARTS = ["domain", "lead", "assisting", "urgency", "nature", "division"];

// `said`: what stands if nothing is changed; `call`: what is said now. `chosen`: a lead that a person
// chose stays, whatever becomes of the domain.
export function makeSheet(told) {
  const { line } = told;
  const said = read(line.suggestion);
  const sheet = reactive({
    id: line.submission_id, title: line.title, content: told.content, line, urgency: line.urgency, suggestion: line.suggestion, repeats: told.repeats,
    said, call: { ...said, reason: "" }, version: 0, entry: null, failure: "", sending: false, found: null, lead: { chosen: false, asking: null, reasons: null },
  });
  return sheet;
}

function read(suggestion) {
  if (!suggestion) return { domain: null, lead: null, assisting: [], urgency: null, nature: null, division: null };
  const { department, domain, nature, place, urgency } = suggestion;
  return {
    domain: domain.code, lead: department.lead, assisting: [...department.assisting], urgency: urgency.level,
    nature: nature.name === ACCUSATION ? null : nature.name, division: place.division,
  };
}

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
export const partsChanged = (sheet) => PARTS.filter((part) => !isSame(sheet.call[part], sheet.said[part]));

// Whether there is anything of a person's on it that was not sent yet.
export const isTouched = (sheet) => partsChanged(sheet).length > 0 || sheet.call.reason.trim() !== "";

// The body of the decision: only what is otherwise than it stands.
export function changesOf(sheet) {
  const told = Object.fromEntries(partsChanged(sheet).map((part) => [part, sheet.call[part]]));
  return { version: sheet.version, ...told, ...(sheet.call.reason.trim() ? { reason: sheet.call.reason.trim() } : {}) };
}

// After the decision it can be taken up again: from then on the entry is what stands.
export function settle(sheet, entry) {
  sheet.entry = entry;
  sheet.version = entry?.version ?? 0;
  sheet.call.nature ??= entry?.nature ?? null; // of an emergency it may not have been said
  sheet.said = { ...sheet.call };
  delete sheet.said.reason;
  sheet.call.reason = "";
}

// The first thing that is still to be said, with the field to say it in; null where nothing is.
export function findMissing({ call }) {
  if (call.nature === ACCUSATION) return null; // it goes to the discipline officers, whatever else is said
  if (!call.domain) return ["domain", "还没有领域，请选一个"];
  if (!call.lead) return ["lead", "还没有主办单位，请选一个"];
  if (!call.urgency) return ["urgency", "还没有紧急程度，请选一个"];
  if (!NATURES.includes(call.nature)) return ["nature", "还没有诉求性质，请选一个"];
  return null;
}

// The same of an emergency, which waits for no more than who is to follow it up.
export function findMissingAtOnce({ call }) {
  const missing = findMissing({ call });
  return missing && ["domain", "lead"].includes(missing[0]) ? missing : null;
}

// Where the domain or the nature is another one, the catalogue says who then leads, unless a person
// has said so. Who confirms before it has answered waits for nothing: the decision goes out after it.
export function followCatalogue(sheet) {
  const { call, lead } = sheet;
  if (lead.chosen || !call.domain || call.nature === ACCUSATION) return;
  const asked = { title: sheet.title, content: sheet.content, place: sheet.line.place ?? "", domain: call.domain, nature: call.nature ?? "求助", flags: sheet.suggestion?.flags ?? [] };
  const asking = post("/v1/dispatch", asked).then((told) => {
    if (lead.asking !== asking || lead.chosen) return;
    Object.assign(call, { lead: told.lead, assisting: told.assisting }); // none: the catalogue leaves it to the clerk
    lead.reasons = told.reasons;
  }, () => {}).finally(() => {
    if (lead.asking === asking) lead.asking = null;
  });
  lead.asking = asking;
}
