// The days on which the town works, or does not, otherwise than the published calendar says.

import { ElButton, ElDatePicker, ElInput, ElRadioButton, ElRadioGroup } from "element-plus";
import { reactive } from "vue";
import { get, patch, put, remove } from "../../../api.js";
import { count, tag } from "../../../format.js";
import { bind, html } from "../../../html.js";
import { confirm } from "../../../parts/dialogs.js";
import { attempt, told, useAction } from "../../../parts/failure.js";
import { Loaded } from "../../../parts/frame.js";
import { useLoad } from "../../../parts/load.js";
import { State } from "../../../parts/state.js";
import { Table } from "../../../parts/table.js";

const DAY = 86_400_000;
const MOST = 60;
const weekday = (date) => `星期${"日一二三四五六"[new Date(`${date}T00:00:00Z`).getUTCDay()]}`;

export const Days = {
  setup() {
    const days = useLoad(async (signal) => {
      const [{ holidays }, settings] = await Promise.all([get("/v1/holidays", {}, { signal }), get("/v1/deadlines/settings", {}, { signal })]);
      return { holidays, declared: settings.declared_years };
    });
    const form = reactive({ span: null, working: false, note: "" });

    const keep = ({ holidays, recounted }) => {
      days.data.holidays = holidays;
      told(recounted ? `已经保存，${count(recounted)} 条在办台账的时限重新推算了` : "已经保存，在办台账的时限不变");
    };
    const save = useAction(async () => {
      keep(await put("/v1/holidays", { holidays: spread(form.span).map((day) => ({ day, working: form.working, note: form.note.trim() })) }));
      Object.assign(form, { span: null, note: "" });
    });
    const drop = async ({ day }) => {
      if (await confirm("删去后这一天仍按公布的日历，在办台账的时限随之重新推算。", `删去 ${day}`, { yes: "删去" })) await attempt(async () => keep(await remove(`/v1/holidays/${day}`)));
    };
    const declare = async (year) => {
      const known = days.data.declared.includes(year);
      const text = known ? "这一年改按公布的日历；没有公布的，时限又成暂定。" : `${year} 年的放假和调休都录全了才这样做；暂定的时限随之落定。`;
      if (!await confirm(text, known ? `${year} 年没有录全` : `${year} 年已经录全`)) return;
      await attempt(async () => {
        const years = known ? days.data.declared.filter((one) => one !== year) : [...days.data.declared, year];
        days.data.declared = (await patch("/v1/deadlines/settings", { declared_years: years })).declared_years;
        told("已经保存");
      });
    };
    const columns = [
      { key: "day", name: "日期", nowrap: true, cell: (line) => html`<span><b class="number">${line.day}</b>　<span class="muted">${weekday(line.day)}</span></span>` },
      { key: "working", name: "放假或上班", nowrap: true, cell: (line) => (line.working ? tag("上班", "work") : tag("放假", "good")) },
      { key: "note", name: "说明", cell: (line) => line.note || "—" },
      { key: "act", name: "操作", nowrap: true, cell: (line) => html`<${ElButton} size="small" onClick=${() => drop(line)}>删去</>` },
    ];
    const body = () => {
      const years = [...new Set([...days.data.holidays.map((line) => Number(line.day.slice(0, 4))), ...days.data.declared])].sort();
      const many = form.span ? spread(form.span).length : 0;
      return html`<div>
        <section class="panel" aria-label="录入"><div class="panel-head"><h2>录入放假或上班的日子</h2><span class="muted">没有录入的按国务院公布的放假安排；地方节日、停工停课、调休在这里录</span></div>
          <div class="filters">
            <div class="field"><span>哪天，或从哪天到哪天</span><${ElDatePicker} type="daterange" valueFormat="YYYY-MM-DD" format="YYYY-MM-DD" unlinkPanels startPlaceholder="从" endPlaceholder="到" ariaLabel="日期" ...${bind(form, "span")} /></div>
            <div class="field"><span>放假或上班</span><${ElRadioGroup} ariaLabel="放假或上班" ...${bind(form, "working")}><${ElRadioButton} value=${false}>放假</><${ElRadioButton} value=${true}>上班</></></div>
            <div class="field"><span>说明</span><${ElInput} maxlength="100" aria-label="说明" placeholder="如：春节调休" ...${bind(form, "note")} /></div>
            <${ElButton} type="primary" loading=${save.busy} disabled=${!many || many > MOST} onClick=${save.run}>${many > 1 ? `录入 ${many} 天` : "录入"}</>
          </div>
          ${many > MOST && html`<p class="note warn">一次至多 ${MOST} 天，请分几次录。</p>`}
          ${years.length > 0 && html`<p class="buttons">已录全的年份：${years.map((year) => html`<${ElButton} key=${year} size="small" type=${days.data.declared.includes(year) ? "primary" : ""} aria-pressed=${days.data.declared.includes(year)} onClick=${() => declare(year)}>${year} ${days.data.declared.includes(year) ? "已录全" : "未录全"}</>`)}<span class="muted">国务院还没有公布的年份，录全了，时限才不再是暂定</span></p>`}
        </section>
        ${days.data.holidays.length ? html`<div class="table-box"><div class="table-scroll whole"><${Table} lines=${days.data.holidays} columns=${columns} rowKey=${(line) => line.day} /></div></div>`
          : html`<div class="panel"><${State} kind="empty" title="没有本地录入的日子" text="全部按国务院公布的放假安排计算。" /></div>`}
      </div>`;
    };
    return () => html`<${Loaded} load=${days}>${body}</>`;
  },
};

// ["2027-02-08", "2027-02-10"] as its three days.
function spread([from, to]) {
  const days = [];
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= Date.parse(`${to}T00:00:00Z`); at += DAY) days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}
