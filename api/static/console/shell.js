// What stands around every page: navigation by what one may do, who is signed in, light and dark.

import { computed, defineAsyncComponent, nextTick, reactive, shallowRef, watch } from "vue";
import { get, line } from "./api.js";
import { html } from "./html.js";
import { afterLibrary, loadLibrary } from "./library.js";
import { ROLES } from "./names.js";
import { GROUPS, PAGES } from "./pages.js";
import { attempt } from "./parts/failure.js";
import { Flap } from "./parts/flap.js";
import { Icon } from "./parts/icon.js";
import { Button } from "./parts/plain.js";
import { State } from "./parts/state.js";
import { go, link, route } from "./router.js";
import { may, session, signOut } from "./session.js";

// `menu`: whether the navigation is open where it has no room at the side; null while it never was.
const view = reactive({ menu: null, dark: document.documentElement.classList.contains("dark") });

function switchTheme() {
  view.dark = !view.dark;
  document.documentElement.classList.toggle("dark", view.dark);
  localStorage.setItem("theme", view.dark ? "dark" : "light");
  dispatchEvent(new Event("themechange")); // charts draw themselves anew
}

const groups = computed(() => GROUPS.map((name) => ({
  name,
  pages: PAGES.filter((page) => page.group === name && may(...(page.needs ?? []))),
})).filter((group) => group.pages.length));

const Navigation = () => html`<nav class="navigation" aria-label="主导航">
  ${groups.value.map((group) => html`<div class="group" key=${group.name}>
    ${group.name && html`<div class="heading">${group.name}</div>`}
    ${group.pages.map((page) => html`<a key=${page.path} href=${link(page.path)} aria-current=${isCurrent(page) ? "page" : null} onPointerenter=${() => fetchAhead(page)} onFocus=${() => fetchAhead(page)} onClick=${() => { view.menu &&= false; }}>${page.name}</a>`)}
  </div>`)}
</nav>`;

const isCurrent = (page) => route.page && (route.page.path === page.path || route.page.under === page.path);

const Top = () => html`<header class="top">
  ${session.me && html`<button type="button" class="plain menu" aria-label="打开导航" onClick=${() => { view.menu = true; }}><${Icon} name="menu" /></button>`}
  <a class="brand" href=${session.me ? "#/" : "#/signin"}><img src="/static/icon.svg" alt="" width="24" height="24" />民声分诊</a>
  <span class="grow"></span>
  <button type="button" class="plain" aria-label=${view.dark ? "改用浅色" : "改用深色"} title=${view.dark ? "改用浅色" : "改用深色"} onClick=${switchTheme}><${Icon} name=${view.dark ? "sun" : "moon"} /></button>
  ${session.me && html`<a class="plain" href="#/help" aria-label="帮助与术语" title="帮助与术语"><${Icon} name="help" /></a>
  <${Flap} class="end" button=${{ class: "plain who", "aria-label": `${session.me.name}，${ROLES[session.me.role]}，打开菜单` }} says=${() => [html`<${Icon} name="user" />`, html`<span class="name">${session.me.name}</span>`, html`<span class="role">${ROLES[session.me.role]}</span>`]}>
    <button type="button" class="plain" onClick=${() => go("/password")}>修改密码</button>
    <button type="button" class="plain" onClick=${() => attempt(signOut)}>退出登录</button>
  </>`}
</header>`;

const Drawer = afterLibrary(({ ElDrawer }) => ElDrawer);
const SignInAgain = defineAsyncComponent(() => Promise.all([import("./parts/again.js"), loadLibrary()]).then(([module]) => module.SignInAgain));

// The module of a page comes when the page is opened first; one that could not be fetched is asked
// for again at the next try.
const page = shallowRef(null);
const broken = shallowRef(null);

export async function fetchPage({ file, light }) {
  const [module] = await Promise.all([import(`./pages/${file}.js`), light || loadLibrary()]);
  return module;
}
const fetchAhead = (wanted) => fetchPage(wanted).catch(() => {}); // told of when the page is opened

async function open(wanted) {
  broken.value = null;
  page.value = null;
  if (!wanted) return;
  try {
    const module = await fetchPage(wanted);
    if (route.page?.file === wanted.file) page.value = module.default;
  } catch (error) {
    if (route.page?.file === wanted.file) broken.value = error;
  }
}

function barred() {
  const wanted = route.page;
  if (wanted && !wanted.open && !session.me) return "signin";
  return wanted?.needs && !may(...wanted.needs) ? "rights" : null;
}

export const Shell = {
  props: ["arrived"],
  setup(props) {
    watch(() => JSON.stringify([session.ready, route.page?.file, barred()]), () => {
      if (!session.ready) return;
      if (barred() === "signin") go("/signin", { next: link(route.path, route.query).slice(1) }, { replace: true });
      else open(barred() ? null : route.page);
    }, { immediate: true });
    watch(() => route.path, async () => {
      document.title = route.page ? `${route.page.name} · 民声分诊` : "民声分诊";
      scrollTo(0, 0);
      await nextTick();
    }, { immediate: true });

    return () => html`<div class=${{ shell: true, alone: !session.me || route.page?.open }}>
      <a class="skip" href="#main" onClick=${skip}>跳到正文</a>
      <${Top} />
      ${line.lost && html`<div class="lost" role="alert">连不上服务，请检查网络。恢复后这一行自会消失，没有保存的内容仍在页上。</div>`}
      ${session.me && !route.page?.open && html`<aside class="side"><${Navigation} /></aside>
      ${view.menu !== null && html`<${Drawer} modelValue=${view.menu} onUpdate:modelValue=${(shown) => { view.menu = shown; }} direction="ltr" size="230px" withHeader=${false} title="主导航"><${Navigation} /></>`}`}
      <main id="main" tabindex="-1">${content(props)}</main>
      ${session.ended && html`<${SignInAgain} />`}
    </div>`;
  },
};

function content(props) {
  if (!session.ready) return html`<${State} kind="loading" />`;
  if (!route.page) return html`<${State} kind="missing" title="没有这一页" text="网址可能写错了，或这一页已经改名。"><${Button} onClick=${() => go("/")}>回工作台</></>`;
  if (barred() === "rights") return html`<${State} kind="rights" />`;
  if (broken.value) return html`<${State} kind="failed" text="这一页没有读出来，请检查网络后重试。"><${Button} onClick=${reload}>重试</></>`;
  if (!page.value) return html`<${State} kind="loading" />`;
  // Another record is another page: what was read of one never stands under the name of the next.
  return html`<${page.value} key=${route.path} arrived=${props.arrived} />`;
}

// Only once the server answers again: a reload without it would leave nothing on the screen.
const reload = () => attempt(async () => {
  await get("/healthz");
  location.reload();
});

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}
