// What is being registered and is not saved yet. It holds personal data, so it is kept in this tab
// alone (sessionStorage), until it is saved or cleared, or the person signs out or another signs in.

import { reactive, watch } from "vue";

const KEY = "register-draft";
const CHANNEL = "register-channel";
const TEXTS = ["title", "content", "place", "name", "phone", "id_number", "address"];

// DJ20261126-091530-7F3A: by the clock of China, so that it is read easily, and never twice the same.
function makeId() {
  const moment = new Date(Date.now() + 8 * 3_600_000).toISOString().replace(/[-:]/g, "");
  const chance = [...crypto.getRandomValues(new Uint8Array(3))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `DJ${moment.slice(0, 8)}-${moment.slice(9, 15)}-${chance.toUpperCase()}`;
}

const blank = () => ({ id: makeId(), channel: localStorage.getItem(CHANNEL), received_at: null, ...Object.fromEntries(TEXTS.map((name) => [name, ""])) });

export const isEmpty = (form) => TEXTS.every((name) => !form[name].trim());

// The form as it was left, else an empty one; from then on kept at every change.
export function openDraft() {
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  const form = reactive({ ...blank(), ...kept });
  watch(form, () => {
    if (form.channel) localStorage.setItem(CHANNEL, form.channel);
    if (isEmpty(form)) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(form));
  });
  return { form, found: kept !== null };
}

// An empty form under a number of its own.
export function clearDraft(form) {
  sessionStorage.removeItem(KEY);
  Object.assign(form, blank());
}

// As the API takes it: what is empty is not said. The same number twice is taken in once.
export function bodyOf(form) {
  const { id, title, content, channel, received_at, place, ...rest } = form;
  const submitter = Object.fromEntries(Object.entries(rest).filter(([, value]) => value.trim()));
  return {
    id, title: title.trim(), content: content.trim(), channel: channel || null, received_at: received_at || null, place: place.trim() || null,
    submitter: Object.keys(submitter).length ? submitter : null,
  };
}
