// Who is signed in, and what they may do. The browser keeps the session itself; here stands only
// that there is one, so that the first look asks the server only where it will be answered.

import { reactive } from "vue";
import { ApiError, ENDED, get, onRefused, onSignedOut, post, remove, setCsrf } from "./api.js";
import { forgetReference } from "./reference.js";
import { go, link, route } from "./router.js";

const MARK = "signed-in";
const OWNER = "drafts-of";
// `ended`: the session is over while a page is open; the shell asks for the password over that page.
// `other`: who has signed in meanwhile in another tab of this browser, where it is somebody else.
export const session = reactive({ me: null, ready: false, ended: false, other: null });

// Whether one of these actions is allowed; without any, whether somebody is signed in.
export function may(...actions) {
  if (!session.me) return false;
  return actions.length === 0 || actions.some((action) => session.me.actions.includes(action));
}

export function enter(me) {
  if (sessionStorage.getItem(OWNER) !== me.who) sessionStorage.clear(); // drafts are of one person
  sessionStorage.setItem(OWNER, me.who);
  localStorage.setItem(MARK, "1");
  setCsrf(me.csrf);
  Object.assign(session, { me, ended: false, other: null });
}

// Whether this browser was signed in when it was last looked at.
export const isKnown = () => Boolean(localStorage.getItem(MARK));

export async function openSession() {
  onSignedOut(() => {
    if (session.me) session.ended = true;
    else leaveForSignIn();
  });
  onRefused(renew);
  if (isKnown()) {
    try {
      enter(await get("/v1/me"));
    } catch (error) {
      if (error.status !== 401) throw error;
    }
  }
  session.ready = true;
}

// A sign-in in another tab gave the browser another session, whose token this tab does not have yet.
// What was about to be done as one person is never done as another.
async function renew() {
  const before = session.me;
  const me = await get("/v1/me").catch(() => null);
  if (!me || !before || me.csrf === before.csrf) return false;
  if (me.who === before.who) {
    enter(me);
    return true;
  }
  Object.assign(session, { ended: true, other: me.name });
  throw new ApiError(ENDED, { status: 401 });
}

// Coming back from the town's own identity provider the browser has a session that nobody told of.
export function expectSession() {
  localStorage.setItem(MARK, "1");
}

export async function signIn(login, password) {
  enter(await post("/v1/session", { login, password }));
}

// As the same person, so that what stands on the page and was not saved yet stays.
export async function signInAgain(password) {
  await signIn(session.me.who, password);
  dispatchEvent(new Event("signed-in-again"));
}

export async function signOut() {
  await remove("/v1/session");
  sessionStorage.clear();
  forget();
  go("/signin");
}

// Back to where one was, or home; never to another site, since it is only the part behind #.
export function comeBack() {
  const next = route.query.next;
  if (typeof next === "string" && next.startsWith("/")) location.hash = `#${next}`;
  else go("/");
}

function forget() {
  localStorage.removeItem(MARK);
  setCsrf("");
  Object.assign(session, { me: null, ended: false, other: null });
  forgetReference();
}

export function leaveForSignIn() {
  forget();
  if (!route.page?.open) go("/signin", { next: link(route.path, route.query).slice(1) }, { replace: true });
}
