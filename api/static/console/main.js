// The console starts here: one application, whose shell shows the page that the address names.

import ElementPlus from "element-plus";
import zhCn from "element-plus/zh-cn";
import { createApp } from "vue";
import { go, route, startRouter } from "./router.js";
import { openSession } from "./session.js";
import { fetchPage, Shell } from "./shell.js";
import { report } from "./parts/failure.js";

function readAddress() {
  const invited = location.hash.match(/^#invitation=([\w-]+)$/);
  const refused = location.hash.match(/^#refused=(.+)$/);
  const path = location.pathname;
  if (path !== "/") history.replaceState(null, "", "/");
  // The token of a one-time link is taken off the address at once; it is kept by the page alone.
  if (invited) return { path: "/signin", secret: invited[1] };
  if (refused) return { path: "/signin", refused: decodeURIComponent(refused[1]) };
  if (path === "/citizen") return { path: "/citizen" };
  if (path === "/account" && !location.hash) return { path: "/signin" };
  return null;
}

async function start() {
  const arrived = readAddress();
  if (arrived) go(arrived.path, {}, { replace: true });
  startRouter();
  if (route.page) fetchPage(route.page.file).catch(() => {}); // while the server says who is signed in
  const app = createApp(Shell, { arrived });
  app.use(ElementPlus, { locale: zhCn });
  app.config.errorHandler = report;
  app.mount("#console");
  await openSession().catch(report);
}

addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name === "AbortError") event.preventDefault();
});
start();
