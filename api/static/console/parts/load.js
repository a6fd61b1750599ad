// What a page reads from the server: loading, there, empty or failed; what is overtaken is aborted.

import { onScopeDispose, reactive, watch } from "vue";
import { isAborted } from "../api.js";

// What tells that reading may succeed again.
export const MENDED = ["signed-in-again", "line-found"];

// const found = useLoad((signal) => get("/v1/people", asked(), { signal }), () => JSON.stringify(asked()));
// `found.data`, `found.error`, `found.loading`, `found.reload()`. Read again when `source` changes, and
// where it failed for want of a session or a connection once that is back; the data of before stays on
// the page until the new comes.
export function useLoad(load, source = null) {
  const state = reactive({ data: null, error: null, loading: true, reload });
  let running = null;

  async function reload() {
    running?.abort();
    const own = new AbortController();
    running = own;
    state.loading = true;
    try {
      const data = await load(own.signal);
      if (running !== own) return;
      state.data = data;
      state.error = null;
      state.loading = false;
    } catch (error) {
      if (running !== own || isAborted(error)) return;
      state.error = error;
      state.loading = false;
    }
  }

  const again = () => (state.error?.status === 401 || state.error?.code === "lost") && reload();
  for (const event of MENDED) addEventListener(event, again);
  if (source) watch(source, reload);
  onScopeDispose(() => {
    for (const event of MENDED) removeEventListener(event, again);
    running?.abort();
  });
  reload();
  return state;
}

// The function called once typing has paused for `pause` ms; `cancel` forgets a call that waits.
export function usePause(step, pause = 350) {
  let timer = 0;
  const soon = (...told) => {
    clearTimeout(timer);
    timer = setTimeout(() => step(...told), pause);
  };
  soon.cancel = () => clearTimeout(timer);
  onScopeDispose(soon.cancel);
  return soon;
}

// Called every `every` ms while the page is open and seen; for what waits for me, progress of imports.
export function useRepeat(step, every) {
  const timer = setInterval(() => document.visibilityState === "visible" && step(), every);
  onScopeDispose(() => clearInterval(timer));
}
