// A table of the town (departments, dispatch catalogue): edited in place or by Excel, tried on last
// month's submissions, and only then in force.

import { ElButton } from "element-plus";
import { reactive, watch } from "vue";
import { download, encodeFile, get, post, put, remove } from "../../api.js";
import { count, time } from "../../format.js";
import { html } from "../../html.js";
import { actorName } from "../../names.js";
import { confirm } from "../../parts/dialogs.js";
import { FileDrop } from "../../parts/drop.js";
import { told, useAction } from "../../parts/failure.js";
import { Frame } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { cellsOf, countChanges, openSheet, rebase, refill, Sheet } from "../../parts/sheet.js";
import { Trial } from "../../parts/trial.js";
import { useUnsaved } from "../../parts/unsaved.js";
import { forgetReference, loadPeople } from "../../reference.js";

const MOST = 10 * 1024 ** 2;

// The page of one table. `afterwards` says what taking it into force means.
export const makeTablePage = ({ table, name, help, wide, afterwards }) => ({
  setup() {
    const file = useLoad((signal) => get(`/v1/town/${table}`, {}, { signal }));
    const people = useLoad(loadPeople);
    const state = reactive({ sheet: null, trial: null, tried: "" });
    watch(() => file.data, (data) => {
      if (!data) return;
      if (state.sheet && isChanged()) rebase(state.sheet, data.rows); // another changed it first: own changes stay
      else state.sheet = openSheet(data);
      Object.assign(state, { trial: null, tried: "" });
    });

    const spelled = () => JSON.stringify(cellsOf(state.sheet));
    const changes = () => countChanges(state.sheet);
    const isChanged = () => Boolean(state.sheet) && Object.values(changes()).some(Boolean);
    const body = () => ({ version: file.data.version, columns: state.sheet.columns, rows: cellsOf(state.sheet) });
    useUnsaved(isChanged);

    const attemptTrial = useAction(async () => {
      const now = spelled();
      state.trial = await post(`/v1/town/${table}:try`, body());
      state.tried = now;
    });
    const save = useAction(async () => {
      if (!await confirm(afterwards, `${name}生效`, { yes: "生效" })) return;
      const now = await put(`/v1/town/${table}`, body());
      state.sheet = null;
      file.data = now;
      forgetReference();
      told(`${name}已经生效`);
    }, { reload: file.reload });
    const goBack = useAction(async () => {
      if (!await confirm(`放弃在这里设的${name}，仍用数据目录或自带的那一份。`, `恢复自带的${name}`, { yes: "恢复", danger: true })) return;
      const now = await remove(`/v1/town/${table}?version=${encodeURIComponent(file.data.version)}`);
      state.sheet = null;
      file.data = now;
      forgetReference();
      told("已经恢复");
    }, { reload: file.reload });
    const take = useAction(async (picked) => {
      const read = await post(`/v1/town/${table}:read`, { file_name: picked.name, content: await encodeFile(picked) });
      refill(state.sheet, read.rows);
      state.trial = null;
      told(`读到 ${count(read.rows.length)} 行，请核对、试算`);
    });
    const fetchBook = useAction(() => download(`/v1/town/${table}.xlsx`));
    const actions = () => state.sheet && [
      html`<${ElButton} loading=${fetchBook.busy} onClick=${fetchBook.run}>下载 Excel</>`,
      html`<${ElButton} loading=${attemptTrial.busy} disabled=${!isChanged()} onClick=${attemptTrial.run}>试算</>`,
      html`<${ElButton} type="primary" loading=${save.busy} disabled=${!isChanged() || state.tried !== spelled()} onClick=${save.run}>生效</>`,
    ];
    return () => html`<${Frame} help=${help} load=${file} actions=${actions} lead=${file.data && standing(file.data, people.data ?? {})}>${() => state.sheet && html`<div>
      <div class="changes">
        ${summary(changes())}<span class="grow"></span>
        ${isChanged() && html`<${ElButton} onClick=${() => { Object.assign(state, { sheet: openSheet(file.data), trial: null }); }}>放弃改动</>`}
        ${file.data.version && html`<${ElButton} onClick=${goBack.run}>恢复自带的</>`}
      </div>
      ${state.trial && html`<section class="panel" aria-label="试算"><div class="panel-head"><h2>试算</h2>${state.tried !== spelled() && html`<span class="tag warn">此后又改过，请再试算</span>`}</div><${Trial} trial=${state.trial} /></section>`}
      <${Sheet} sheet=${state.sheet} label=${name} wide=${wide} />
      <section class="panel no-print" aria-label="上传"><div class="panel-head"><h2>整张表上传</h2><span class="muted">下载 Excel，改好再传；先读进上面的表，不会直接生效</span></div>
        <${FileDrop} accept=".xlsx,.xls,.csv" most=${MOST} label=${`上传${name}`} onPick=${take.run}>把 Excel 或 CSV 拖到这里，或点击选择</></section>
    </div>`}</>`;
  },
});

const standing = ({ version, changed_by: who, changed_at: at }, people) => (version ? `${actorName(who, people)} ${time(at)} 改过` : "用的是数据目录或自带的");

function summary({ added, changed, gone }) {
  const told = [changed && `改了 ${count(changed)} 行`, added && `新增 ${count(added)} 行`, gone && `删去 ${count(gone)} 行`].filter(Boolean);
  return told.length ? html`<span class="note warn">${told.join("，")}，还没有生效：先试算，再生效</span>` : html`<span class="muted">没有改动。改了以后先用最近一个月的来件试算，看过再生效。</span>`;
}
