// What hardly ever changes and every page needs: departments and domains. Read once for a session.

import { get } from "./api.js";

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

// [{ code, name, full_name, kind, active, … }]
export const loadDepartments = () => once("departments", () => get("/v1/departments"));

// [{ code, name, path, level, leaf, pinyin, initials }]: all levels of the classification, in its order.
export const loadDomains = () => once("domains", () => get("/v1/domains"));
