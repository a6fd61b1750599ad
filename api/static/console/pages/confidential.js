// 保密件: accusations (检举控告), which discipline officers alone open; every look goes on record.

import { html } from "../html.js";
import { route } from "../router.js";
import { Accusation } from "./confidential/one.js";
import { Accusations } from "./confidential/list.js";

export default { setup: () => () => (route.params.id ? html`<${Accusation} />` : html`<${Accusations} />`) };
