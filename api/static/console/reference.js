// What hardly ever changes and every page needs: departments, domains, words. Read once for a session.

import { get, getAll } from "./api.js";

const kept = new Map();

export function forgetReference() {
  kept.clear();
}

function once(key, load) {
  if (!kept.has(key)) {
    kept.set(key, load().catch((error) => {
      kept.delete(key); // a failure is not kept: the next page asks again
      throw error;
    }));
  }
  return kept.get(key);
}

// [{ code, name, full_name, kind, active, parent, aliases, duties, initials, pinyin }], the abolished too.
export const loadDepartments = () => once("departments", () => get("/v1/directory"));

// Code to name, of all departments.
export const loadDepartmentNames = async () => Object.fromEntries((await loadDepartments()).map((one) => [one.code, one.name]));

// [{ code, name, path, level, initials, pinyin }]: all three levels of the classification, each heading
// before what is under it; path is 城乡建设/住房保障/公租房.
export const loadDomains = () => once("domains", async () => spread((await get("/v1/taxonomy")).levels, "", 1));

function spread(nodes, above, level) {
  return nodes.flatMap(({ children = [], ...node }) => {
    const path = above ? `${above}/${node.name}` : node.name;
    return [{ ...node, path, level }, ...spread(children, path, level + 1)];
  });
}

// Login to name, of the people whom one manages; for those who manage some (manage_users, manage_discipline).
export const loadPeople = () => once("people", async () => Object.fromEntries((await getAll("/v1/users")).map((one) => [one.login, one.name])));

// { enumerations: { states: [{ code, name }], … }, glossary: [{ term, about }] }
export const loadWords = () => once("words", () => get("/v1/words"));

// "云江省宁溪市安平县" for its code; the code itself where nobody knows it.
export const loadDivisionName = (code) => once(`division ${code}`, () => get(`/v1/divisions/${encodeURIComponent(code)}`).then((one) => one.full_name)).catch(() => code);
