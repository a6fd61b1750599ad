// The commands that find no room beside the heading.

import { ElButton, ElDropdown, ElDropdownItem, ElDropdownMenu } from "element-plus";
import { html } from "../../html.js";

// html`<${More} items=${[{ command, name }]} onPick=${open} />`
export const More = (props, { emit }) => html`<${ElDropdown} trigger="click" onCommand=${(command) => emit("pick", command)} slots=${{
  dropdown: () => html`<${ElDropdownMenu}>${props.items.map((item) => html`<${ElDropdownItem} key=${item.command} command=${item.command}>${item.name}</>`)}</>`,
}}><${ElButton}>更多动作</></>`;
More.props = ["items"];
More.emits = ["pick"];
