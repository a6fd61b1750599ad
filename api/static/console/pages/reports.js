// 报表通报: the daily report, the weekly summary and the bulletin, in Word and Excel; what will stand in
// them is shown before.

import { ElButton, ElDatePicker, ElInput, ElRadioButton, ElRadioGroup } from "element-plus";
import { reactive, watch } from "vue";
import { download, get } from "../api.js";
import { count, day, startOf, today } from "../format.js";
import { bind, html } from "../html.js";
import { useAction } from "../parts/failure.js";
import { Frame, Loaded } from "../parts/frame.js";
import { useLoad } from "../parts/load.js";
import { Rate, Rates } from "../parts/rates.js";
import { State } from "../parts/state.js";
import { link, refine, route } from "../router.js";

const HELP = `选一种报表和日子，写成 Word 或 Excel：图表都可以在里面改。日汇报看一天，周总结看周一到周日，通报看一个月；也可以自定起止日。
通报只写来件编号，不写来件的文字；只列您确认或督办过的监督事项，先到“督查”处理。自己要写的话填在下面，一行一段，印在 Word 里；要改版式，取模板改好交管理员放回数据目录。`;
const REPORTS = { daily: "日汇报", weekly: "周总结", bulletin: "通报" };
const ABOUT = { daily: "哪一天", weekly: "哪一周（选其中一天）", bulletin: "哪个月（选其中一天）" };
const UNIT = "report-unit"; // the unit that writes them, kept for this browser
const TEXT = { daily: "有关说明", weekly: "有关说明", bulletin: "有关要求" };
const MOST = 10_000; // characters of it
const draftOf = (report) => `report-text-${report}`; // kept for this tab
const DAY = 86_400_000;

// The first and last day of the report that the address names.
function readDays() {
  const { report, first, last } = wanted();
  if (first && last) return [first, last];
  const at = wanted().day;
  if (report === "daily") return [at, at];
  const moment = Date.parse(`${at}T00:00:00Z`);
  if (report === "weekly") {
    const monday = moment - ((new Date(moment).getUTCDay() + 6) % 7) * DAY;
    return [spell(monday), spell(monday + 6 * DAY)];
  }
  const [year, month] = at.split("-").map(Number);
  return [`${at.slice(0, 8)}01`, spell(Date.UTC(year, month, 0))];
}

const spell = (moment) => new Date(moment).toISOString().slice(0, 10);

function wanted() {
  const { report, day: at, first, last } = route.query;
  return { report: REPORTS[report] ? report : "daily", day: at ?? today(), first, last };
}

export default {
  setup() {
    const form = reactive({ unit: localStorage.getItem(UNIT) ?? "", texts: Object.fromEntries(Object.keys(REPORTS).map((report) => [report, sessionStorage.getItem(draftOf(report)) ?? ""])) });
    watch(form.texts, (texts) => Object.entries(texts).forEach(([report, text]) => sessionStorage.setItem(draftOf(report), text)));
    const query = () => {
      const { day: at, first, last } = wanted();
      return { ...(first && last ? { first, last } : { day: at }), unit: form.unit.trim() };
    };
    const preview = useLoad(async (signal) => {
      const [first, last] = readDays();
      const period = { since: startOf(first), until: startOf(last, 1) };
      const [opened, due, ...findings] = await Promise.all([
        get("/v1/statistics", period, { signal }),
        get("/v1/statistics", { ...period, by_deadline: true, by: "department" }, { signal }),
        ...["urged", "confirmed", "open"].map((state) => get("/v1/lists/supervision", { ...period, state, limit: 200 }, { signal })),
      ]);
      return { opened, due, findings };
    }, () => JSON.stringify(readDays()));
    const keep = () => localStorage.setItem(UNIT, form.unit.trim());
    const word = useAction(async () => { keep(); await download(`/v1/reports/${wanted().report}`, null, { method: "POST", body: { ...query(), text: form.texts[wanted().report] } }); });
    const excel = useAction(async () => { keep(); await download(`/v1/reports/${wanted().report}.xlsx`, query()); });
    const template = useAction(() => download(`/v1/reports/${wanted().report}/template`));

    const actions = () => html`<${ElButton} loading=${template.busy} onClick=${template.run}>取模板</>`;
    return () => html`<${Frame} help=${HELP} actions=${actions}>
      <form class="filters" aria-label="写哪一份" onSubmit=${(event) => event.preventDefault()}>
        <div class="field"><span>报表</span><${ElRadioGroup} aria-label="报表" modelValue=${wanted().report} onChange=${(report) => refine({ report }, { replace: true })}>
          ${Object.entries(REPORTS).map(([key, name]) => html`<${ElRadioButton} key=${key} value=${key}>${name}</>`)}
        </></div>
        <div class="field"><span>${ABOUT[wanted().report]}</span><${ElDatePicker} ariaLabel=${ABOUT[wanted().report]} valueFormat="YYYY-MM-DD" format="YYYY-MM-DD" clearable=${false} modelValue=${wanted().day} onUpdate:modelValue=${(at) => refine({ day: at, first: "", last: "" }, { replace: true })} /></div>
        <div class="field"><span>或自定起止日</span><${ElDatePicker} type="daterange" valueFormat="YYYY-MM-DD" format="YYYY-MM-DD" unlinkPanels startPlaceholder="从" endPlaceholder="到" modelValue=${wanted().first && wanted().last ? [wanted().first, wanted().last] : null}
          onUpdate:modelValue=${(days) => refine({ first: days?.[0], last: days?.[1] }, { replace: true })} /></div>
        <div class="field"><span>编报单位</span><${ElInput} aria-label="编报单位" maxlength="100" placeholder="印在标题下" ...${bind(form, "unit")} /></div>
        <${ElButton} type="primary" loading=${word.busy} onClick=${word.run}>写成 Word</>
        <${ElButton} loading=${excel.busy} onClick=${excel.run}>写成 Excel</>
      </form>
      <section class="panel no-print"><div class="panel-head"><h2>${TEXT[wanted().report]}</h2><span class="muted">自己写的文字，印在 Word 的最后一节；可以不写</span></div>
        <${ElInput} type="textarea" aria-label=${TEXT[wanted().report]} autosize=${{ minRows: 3, maxRows: 14 }} maxlength=${MOST} placeholder="一行一段" ...${bind(form.texts, wanted().report)} /></section>
      <${Loaded} load=${preview}>${() => html`<${Preview} days=${readDays()} name=${REPORTS[wanted().report]} ...${preview.data} />`}</>
    </>`;
  },
};

const Preview = ({ days, name, opened, due, findings }) => {
  const [urged, confirmed, open] = findings.map((page) => page.lines);
  const [first, last] = days;
  const { counts } = opened.total;
  return html`<${Rates}>
    <h2 class="preview-head">${name} <span class="number">${first === last ? first : `${first} 至 ${last}`}</span></h2>
    ${open.length > 0 && html`<p class="note warn">这段时间查到的监督事项还有 <a href=${link("/supervision", { since: first, until: last })}>${count(open.length)}${open.length === 200 ? "+" : ""} 项</a>没有处理；没有确认或督办的不进通报。</p>`}
    <div class="figures">
      <div class="figure"><b>${count(counts.opened)}</b><span>受理</span></div>
      <div class="figure"><b>${count(due.total.counts.due)}</b><span>到期</span></div>
      <div class=${`figure ${due.total.counts.overdue ? "danger" : ""}`}><b>${count(due.total.counts.overdue)}</b><span>超期未回告</span></div>
      ${["on_time", "completion", "satisfaction", "solution"].map((key) => html`<div key=${key} class="figure"><b><${Rate} of=${key} rate=${due.total.rates[key]} /></b><span>${due.total.rates[key].name}</span></div>`)}
    </div>
    <div class="columns">
      <section class="panel"><div class="panel-head"><h2>按时回复率低的单位</h2><span class="muted">到期件中</span><span class="grow"></span><a class="more" href=${link("/supervision", { tab: "departments", since: first, until: last })}>比较全部单位</a></div>${worst(due.groups)}</section>
      <section class="panel"><div class="panel-head"><h2>进报表的监督事项</h2><span class="muted">督办 ${count(urged.length)} 项，确认 ${count(confirmed.length)} 项</span></div>
        ${urged.length + confirmed.length === 0 ? html`<p class="muted">没有确认或督办的。</p>` : html`<ul class="waiting">${[...urged, ...confirmed].slice(0, 12).map((line) => html`<li key=${line.id}><a class="what" href=${link("/supervision", { finding: line.id })}>${line.rule_name}${line.decided_note ? `：${line.decided_note}` : ""}</a><span class="where muted">${line.department_name ?? ""}</span><span class="when number muted">${day(line.found_at)}</span></li>`)}</ul>`}
      </section>
    </div>
  </>`;
};
Preview.props = ["days", "name", "opened", "due", "findings"];

function worst(groups) {
  const lines = groups.filter((one) => one.counts.due).sort((one, other) => one.rates.on_time.value - other.rates.on_time.value || other.counts.due - one.counts.due).slice(0, 10);
  if (!lines.length) return html`<${State} kind="empty" title="这段时间没有到期件" text="换一段日子看看。" />`;
  return html`<ul class="waiting">${lines.map((one) => html`<li key=${one.key}><span class="what">${one.name}</span><span class="where muted">超期 ${count(one.counts.overdue)}</span><span class="when"><${Rate} of="on_time" rate=${one.rates.on_time} /></span></li>`)}</ul>`;
}
