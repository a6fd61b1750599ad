// Saved views of a list: its filters under a name of one's own; and which columns are shown.

import { ElButton, ElCheckbox, ElDropdown, ElDropdownItem, ElDropdownMenu, ElMessageBox, ElPopover } from "element-plus";
import { reactive } from "vue";
import { get, put, remove } from "../api.js";
import { html } from "../html.js";
import { go, route } from "../router.js";
import { confirm } from "./dialogs.js";
import { attempt, told } from "./failure.js";
import { useLoad } from "./load.js";

// html`<${Views} page="ledger" columns=${columns} />`; `columns` (of useColumns) may be left out.
export const Views = {
  props: ["page", "columns"],
  setup(props) {
    const views = useLoad((signal) => get("/v1/views", { page: props.page }, { signal }));

    async function save() {
      const given = await ElMessageBox.prompt("给现在的筛选条件和列起个名字；同名的由它替换。", "存为常用视图", {
        confirmButtonText: "保存", cancelButtonText: "取消", inputValidator: (name) => Boolean(name?.trim()) || "请填写名称",
      }).catch(() => null);
      if (!given) return;
      const { cursor, ...query } = route.query;
      await attempt(async () => {
        await put("/v1/views", { page: props.page, name: given.value.trim(), query: { query, hidden: props.columns?.hidden ?? [] } });
        told("已存为常用视图");
        await views.reload();
      });
    }
    async function drop(view) {
      if (!await confirm(`删去常用视图“${view.name}”？`, "删去视图", { yes: "删去" })) return;
      await attempt(() => remove(`/v1/views/${view.id}`));
      await views.reload();
    }
    function act(command) {
      if (command === "save") return save();
      const view = views.data.find((one) => one.id === command.id);
      if (command.drop) return drop(view);
      props.columns?.hide(view.query.hidden ?? []);
      return go(route.path, view.query.query ?? {});
    }
    const menu = () => html`<${ElDropdownMenu}>
      ${(views.data ?? []).map((view) => html`<${ElDropdownItem} key=${view.id} command=${{ id: view.id }}>${view.name}</>`)}
      <${ElDropdownItem} command="save" divided=${Boolean(views.data?.length)}>存为常用视图…</>
      ${(views.data ?? []).map((view) => html`<${ElDropdownItem} key=${`drop-${view.id}`} command=${{ id: view.id, drop: true }}><span class="muted">删去“${view.name}”</span></>`)}
    </>`;
    return () => html`<${ElDropdown} trigger="click" onCommand=${act} slots=${{ dropdown: menu }}><${ElButton}>常用视图</></>`;
  },
};

// const columns = useColumns("ledger", COLUMNS); `columns.hidden` goes to PagedTable; kept for this browser.
export function useColumns(page, all, hiddenAtFirst = []) {
  const key = `hidden-columns-${page}`;
  const state = reactive({ all, hidden: JSON.parse(localStorage.getItem(key)) ?? hiddenAtFirst, hide });
  function hide(keys) {
    state.hidden = keys;
    localStorage.setItem(key, JSON.stringify(keys));
  }
  return state;
}

// html`<${ColumnChooser} columns=${columns} />`; the column that is the row's link always stays.
export const ColumnChooser = ({ columns }) => html`<${ElPopover} trigger="click" width="180" placement="bottom-end" slots=${{ reference: () => html`<${ElButton}>列</>` }}>
  <div class="column-choice">${columns.all.filter((column) => !column.link).map((column) => html`<${ElCheckbox} key=${column.key} modelValue=${!columns.hidden.includes(column.key)}
    onChange=${(on) => columns.hide(on ? columns.hidden.filter((one) => one !== column.key) : [...columns.hidden, column.key])}>${column.name}</>`)}</div>
</>`;
ColumnChooser.props = ["columns"];
