// 批量导入: a file of submissions, whatever its columns are called; looked at first, then brought in.

import { ElButton } from "element-plus";
import { encodeFile, get, post, save } from "../api.js";
import { count, time } from "../format.js";
import { html } from "../html.js";
import { FileDrop } from "../parts/drop.js";
import { useAction } from "../parts/failure.js";
import { Frame } from "../parts/frame.js";
import { useRepeat } from "../parts/load.js";
import { PagedTable, usePaged } from "../parts/table.js";
import { go, link, route } from "../router.js";
import { One, stateOf } from "./imports/one.js";

const HELP = `把 Excel、CSV 文件里的来件一次导入：列名不限，编码 GBK、UTF-8 都行。
上传后先核对哪一列是什么，看前 20 行会怎样标注，再开始。导入时可以离开，服务重启也会接着导；有误的行可以下载改正后再导，已导入的不会重复。
整份导错了可以撤销：没有人办过的撤回，办过的留下并说明。`;
const MOST = 36 * 1024 ** 2; // of a body of 50 MB, a third goes on the spelling of bytes as letters

const COLUMNS = [
  { key: "file", name: "文件", link: true, wide: true, cell: (line) => line.file_name },
  { key: "state", name: "状态", nowrap: true, cell: (line) => stateOf(line) },
  { key: "total", name: "共几行", right: true, cell: (line) => count(line.total) },
  { key: "taken", name: "新入库", right: true, cell: (line) => count(line.taken) },
  { key: "standing", name: "此前已有", right: true, cell: (line) => count(line.standing) },
  { key: "refused", name: "有误", right: true, cell: (line) => (line.refused ? html`<span class="tone-danger">${count(line.refused)}</span>` : "0") },
  { key: "created", name: "上传时间", nowrap: true, cell: (line) => html`<span class="number">${time(line.created_at)}</span>` },
  { key: "finished", name: "完成时间", nowrap: true, cell: (line) => html`<span class="number">${time(line.finished_at)}</span>` },
];

export default {
  setup() {
    return () => (route.query.id ? html`<${One} key=${route.query.id} id=${route.query.id} help=${HELP} />` : html`<${All} />`);
  },
};

const All = {
  setup() {
    const list = usePaged((query, signal) => get("/v1/imports", query, { signal }));
    useRepeat(() => list.load.data?.lines.some((line) => line.state === "running") && list.load.reload(), 3_000);
    const upload = useAction(async (file) => {
      const made = await post("/v1/imports", { file_name: file.name, content: await encodeFile(file) });
      go("/imports", { id: made.id });
    });
    
    const actions = () => html`<${ElButton} onClick=${saveTemplate}>下载表样</>`;
    return () => html`<${Frame} help=${HELP} actions=${actions}>
      <div class="panel" aria-busy=${String(upload.busy)}>
        <${FileDrop} accept=".xlsx,.xls,.csv,.txt,.jsonl" most=${MOST} label="选择要导入的文件" onPick=${upload.run}>${upload.busy ? "正在上传，认出各列…" : "把 Excel 或 CSV 文件拖到这里，或点击选择（至多 36 MB）"}</>
      </div>
      <h2 class="former">导入过的文件</h2>
      <${PagedTable} list=${list} columns=${COLUMNS} whole label="导入过的文件" open=${(line) => link("/imports", { id: line.id })}
        empty=${{ title: "还没有导入过文件", text: "把文件拖到上面，先核对再开始，不会马上入库。" }} />
    </>`;
  },
};

// With the mark by which Excel knows that it is UTF-8.
function saveTemplate() {
  save(new Blob(["\ufeff编号,标题,内容,渠道,收到时间,地点,反映人,电话,证件号,住址\r\n"], { type: "text/csv" }), "来件导入表样.csv");
}
