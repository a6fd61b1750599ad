// Where the user is: #/path?query. The part behind # stays in the browser, so what is searched for
// never stands in a log of the server or of a proxy; a link to a filtered list can be sent all the
// same, and the back button works.

import { reactive, readonly } from "vue";
import { findPage } from "./pages.js";

const state = reactive({ path: "/", query: {}, params: {}, page: null });
export const route = readonly(state);

// "#/ledgers?state=assigned"; what is empty in the query is left out.
export function link(path, query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const told = new URLSearchParams(kept.flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((one) => [key, String(one)])));
  return `#${path}${kept.length ? `?${told}` : ""}`;
}

// Go there; `replace` leaves no step behind for the back button.
export function go(path, query = {}, { replace = false } = {}) {
  const address = link(path, query);
  if (address === location.hash) return read();
  if (!replace) {
    location.hash = address;
    return undefined;
  }
  history.replaceState(null, "", address);
  return read();
}

// The same page with these parts of the query changed; what becomes empty goes.
export function refine(changes, options) {
  go(state.path, { ...state.query, ...changes }, options);
}

// While `unsaved()` of any guard is true, leaving for another path asks first; `ask` resolves to whether to leave.
const guards = new Set();
export function guardLeaving(unsaved, ask) {
  const guard = { unsaved, ask };
  guards.add(guard);
  return () => guards.delete(guard);
}

export function startRouter() {
  addEventListener("hashchange", (event) => arrive(event));
  read();
}

async function arrive({ oldURL }) {
  const wanted = location.hash;
  const path = wanted.slice(1).split("?")[0];
  const guard = path === state.path ? null : [...guards].find((one) => one.unsaved());
  if (guard) {
    history.replaceState(null, "", oldURL); // stay, until it is said that one leaves
    if (!await guard.ask()) return;
    guards.clear();
    location.hash = wanted;
    return;
  }
  read();
}

function read() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  const found = findPage(path || "/");
  state.path = path || "/";
  state.query = gather(new URLSearchParams(query));
  state.params = found?.params ?? {};
  state.page = found?.page ?? null;
}

// A key that stands several times becomes an array.
function gather(told) {
  const query = {};
  for (const key of new Set(told.keys())) {
    const values = told.getAll(key);
    query[key] = values.length > 1 ? values : values[0];
  }
  return query;
}
