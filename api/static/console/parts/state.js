// A page, or a part of it, that has nothing to show: loading, empty, failed, no right, not there.

import { html } from "../html.js";
import { Icon } from "./icon.js";

const KINDS = {
  empty: { icon: "file", title: "这里还没有内容", text: "" },
  failed: { icon: "alert", title: "没有读成", text: "请稍后重试。" },
  rights: { icon: "lock", title: "您没有这一页的权限", text: "需要时请联系管理员调整您的角色。" },
  missing: { icon: "search", title: "没有找到", text: "可能已经删除，或不在您的管辖范围内。" },
};

// html`<${State} kind="empty" title="没有待复核的来件" text="新来件没有把握时会到这里。" />`; children are buttons.
export const State = (props, { slots }) => {
  if (props.kind === "loading") {
    return html`<div class="state loading" role="status" aria-label="正在读取">${Array.from({ length: props.rows ?? 5 }, () => html`<i class="bar"></i>`)}</div>`;
  }
  const usual = KINDS[props.kind];
  return html`<div class="state" role=${props.kind === "failed" ? "alert" : "status"}>
    <${Icon} name=${usual.icon} />
    <p class="title">${props.title ?? usual.title}</p>
    <p class="text">${props.text ?? usual.text}</p>
    ${slots.default?.()}
  </div>`;
};
State.props = ["kind", "title", "text", "rows"];
