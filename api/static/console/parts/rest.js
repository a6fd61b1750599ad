// What is told before a letter goes under the seal: all of it does, and what becomes of the rest.

import { html } from "../html.js";
import { link } from "../router.js";
import { may } from "../session.js";

// html`<${RestFirst} id=${submission.id} />`; `split`: the letter has other entries, which go along.
export const RestFirst = ({ id, split }) => html`<p class="note warn">封存的是整封信${split ? "，拆出的各条也一起封存" : ""}，别的单位手里不能留着原文，也不能撤回。
  信里还有别的事要办的，请先${may("submit") ? html`<a href=${link("/register", { rest: id })} target="_blank" rel="noopener">另行登记其余事项</a>` : "请受理员另行登记"}：用自己的话写，一字不提被检举的人和事。</p>`;
RestFirst.props = ["id", "split"];
