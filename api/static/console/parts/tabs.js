// The parts of a page, one shown at a time. Each is a link, so that it can be sent and turned back to.

import { html } from "../html.js";
import { link, route } from "../router.js";

// tabs: [[key, name], …]; the first is what the page opens with. html`<${Tabs} tabs=${TABS} />`
export const Tabs = ({ tabs }) => html`<nav class="tabs no-print" aria-label="本页各部分">
  ${tabs.map(([key, name], at) => html`<a key=${key} href=${link(route.path, at ? { tab: key } : {})} aria-current=${key === chosen(tabs) ? "page" : null}>${name}</a>`)}
</nav>`;
Tabs.props = ["tabs"];

// Which of the tabs the address says.
export const chosen = (tabs) => (tabs.some(([key]) => key === route.query.tab) ? route.query.tab : tabs[0][0]);
