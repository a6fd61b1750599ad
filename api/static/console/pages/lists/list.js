// What all four lists share: heading, filters bound to the address, export, pages.

import { ElButton } from "element-plus";
import { download, get } from "../../api.js";
import { html } from "../../html.js";
import { useAction } from "../../parts/failure.js";
import { asked, Filters } from "../../parts/filters.js";
import { Frame } from "../../parts/frame.js";
import { PagedTable, usePaged } from "../../parts/table.js";
import { ColumnChooser, useColumns, Views } from "../../parts/views.js";
import { route } from "../../router.js";
import { session } from "../../session.js";

const HELP = `问题清单、任务清单、效果清单、监督清单：有什么问题、谁来解决、解决得怎样、哪里要督查。
条件在网址里，可以发给同事；“导出 Excel”按机关打印的版式。`;

// html`<${OneList} name="problems" title="问题清单" fields=${FIELDS} columns=${COLUMNS} rowKey=${…} open=${…} choice=${props.choice}
//   bulk=${(lines) => …} buttons=${(list) => …} help="…" empty=${{ title, text }} />`
export const OneList = {
  props: ["name", "title", "fields", "columns", "hidden", "rowKey", "open", "choice", "bulk", "buttons", "help", "empty"],
  setup(props) {
    // Who works for one department has no other to choose from.
    const fields = session.me.department ? props.fields.filter((field) => field.kind !== "department") : props.fields;
    const source = () => asked(fields);
    const list = usePaged((query, signal) => get(`/v1/lists/${props.name}`, query, { signal }), source, { key: props.rowKey });
    const columns = useColumns(`list-${props.name}`, props.columns, props.hidden);
    const save = useAction(() => download(`/v1/lists/${props.name}.xlsx`, source()));
    const isFiltered = () => Object.keys(route.query).some((key) => key !== "list" && key !== "cursor");
    const nothing = () => (isFiltered() ? { title: "没有符合条件的", text: "换一个条件，或清除筛选试试。" } : props.empty);
    const actions = () => html`${props.buttons?.(list)}<${Views} page=${`list-${props.name}`} columns=${columns} /><${ColumnChooser} columns=${columns} /><${ElButton} loading=${save.busy} onClick=${save.run}>导出 Excel</>`;
    return () => html`<${Frame} title=${props.title} help=${`${props.help}\n${HELP}`} actions=${actions}>${() => html`<div>
      ${props.choice()}
      <${Filters} fields=${fields} />
      <${PagedTable} list=${list} columns=${props.columns} hidden=${columns.hidden} open=${props.open} label=${props.title} choose=${Boolean(props.bulk)} bulk=${(lines) => props.bulk(lines, list)} empty=${nothing()} />
    </div>`}</>`;
  },
};
