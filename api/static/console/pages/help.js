// 帮助与术语: what each page is for, the line that every matter goes, the words that are used.

import { html } from "../html.js";
import { FINDING_STATES, ROLES } from "../names.js";
import { PAGES } from "../pages.js";
import { Frame } from "../parts/frame.js";
import { link } from "../router.js";
import { may, session } from "../session.js";

const HELP = "第一次用，先看“一件来件怎么走”，再看自己能用的页面。";

const LINE = [
  ["分类", "来件一登记，系统就给出领域、紧急程度、性质和责任单位的建议，并标出依据。有把握的直接送到单位，没把握的进人工复核。"],
  ["交办", "建议由经办人认定，认定后进主办单位的台账，时限开始计算。"],
  ["落实", "单位签收、办理、记录进展。不归自己管的写明理由退回，由受理员裁定；来不及的申请延期，由督查员批。"],
  ["回告", "单位写明查了什么、办了什么、依据什么，答复反映人。时限到回告为止，不是到销号。"],
  ["评价", "反映人凭查询码评价，或由受理员回访。说没有解决的，重办。"],
  ["销号", "从清单上划去。已解决、已解释、不予支持是三种结果，从不混为一种。"],
];

const ROLE_WORK = {
  clerk: "登记来件，认定系统建议，交办、并件、回访、销号。",
  officer: "办本单位及下属单位的件：签收、退回、办理、申请延期、回告。",
  supervisor: "看全部普通台账、共性问题、时限和答复质量；督办，批延期，写通报。",
  discipline: "唯一看得到检举控告的角色；看不到普通台账。",
  admin: "管用户、单位、派单目录、时限、模型、密钥和推送；看不到来件。",
};

const ABOUT = {
  "/": "等着您办的事，超期的在前。",
  "/register": "登记一件来件，边输入边看到系统建议；保存后打印回执。",
  "/imports": "把 Excel、CSV 里的几千件一次导入。",
  "/review": "认定系统没有把握的来件，可以只用键盘。",
  "/ledgers": "各单位的台账，可筛选、导出。",
  "/lists": "问题清单、任务清单、效果清单、监督清单。",
  "/problems": "许多人反映的同一件事，按热度排列；可拆分、合并、安排任务。",
  "/statistics": "回复率、办结率、满意率和用时，连同分子分母。",
  "/reports": "日汇报、周总结、通报，可下载 Word。",
  "/supervision": "须看一看的事实：超期、推诿、敷衍、虚假办结等；督办。",
  "/confidential": "检举控告，只有纪检员看得到，每次查看都记入日志。",
  "/admin/users": "开通、停用用户，重发邀请链接。",
  "/admin/departments": "责任单位名录。",
  "/admin/catalogue": "什么领域、什么地方的事由哪个单位办。",
  "/admin/deadlines": "时限规则、办公时间、放假安排。",
  "/admin/thresholds": "多大把握才直接派单；监督事项从几次算起。",
  "/admin/models": "现用的模型和它的成绩，切换、退回。",
  "/admin/keys": "给其他系统用的密钥。",
  "/admin/webhooks": "台账有变化时通知其他系统。",
  "/admin/audit": "谁、何时、做了什么；可以核对有没有被改过。",
};

const WORDS = [
  ["来件", "反映人告诉政府的一件事，登记后不再改动。"],
  ["领域", "内容分类中的一条路径，分三级。"],
  ["紧急程度", "特急、紧急、较急、一般四级。"],
  ["诉求性质", "咨询、求助、投诉、举报、检举控告、建议、感谢。"],
  ["风险标签", "群体、重复反映、公职人员、极端风险、未成年人、老弱病残、涉企、个人信息。"],
  ["系统建议", "系统对一件来件的全部判断，连同依据和把握；只是建议。"],
  ["把握", "系统自己估计的、这个判断正确的可能，经过校准：说八成的一百件里，约有八十件是对的。"],
  ["经办人认定", "经办人确认或更正建议；追加记录，不改原建议。"],
  ["台账条目", "一件来件的一个事项在一个主办单位台账里的一行，有状态和时限。"],
  ["主办、协办", "主办单位签收、办理、回告；协办单位配合，可记录进展。"],
  ["签收", "主办单位接下这件事。"],
  ["退回", "单位写明理由，说不归自己管；由受理员裁定交办他处或驳回。"],
  ["转送", "转往法院、仲裁、纪检等机关，或紧急热线。"],
  ["并件", "与另一条是同一事项，合到一起办；每位反映人都保留并分别答复。"],
  ["重办", "反映人说没有解决，或督查员要求，重新办理，时限重新起算。"],
  ["督办、挂牌督办", "督查员催办；挂牌督办写明包案人和期限。"],
  ["暂定时限", "涉及的年份还没有公布放假安排，公布后自动重算。"],
  ["共性问题", "许多来件反映的同一件具体的事。"],
  ["任务", "为解决共性问题交给单位的工作，时间节点倒排。"],
  ["效果", "任务或回告带来的变化，附佐证。"],
  ["监督事项", `须看一看的事实，不是结论；督查员处理后为${Object.values(FINDING_STATES).slice(1).join("、")}。`],
  ["查询码", "印在回执上，反映人凭它和电话后四位查办理情况。"],
  ["回复率、办结率、满意率", "分别是到期该回复的中已回复的、到期该办结的中已办结的、评价中满意的；总是连同分子分母。"],
];

export default {
  setup() {
    const mine = PAGES.filter((page) => page.group !== undefined && may(...(page.needs ?? [])));
    return () => html`<${Frame} help=${HELP}><div class="columns">
      <section class="panel"><div class="panel-head"><h2>一件来件怎么走</h2></div>
        <dl class="facts">${LINE.map(([word, text]) => [html`<dt>${word}</dt>`, html`<dd>${text}</dd>`])}</dl></section>
      <section class="panel"><div class="panel-head"><h2>您能用的页面</h2></div>
        <dl class="facts">${mine.map((page) => [html`<dt><a href=${link(page.path)}>${page.name}</a></dt>`, html`<dd>${ABOUT[page.path]}</dd>`])}</dl></section>
      <section class="panel"><div class="panel-head"><h2>谁做什么</h2></div>
        <dl class="facts">${Object.entries(ROLES).map(([role, name]) => [html`<dt>${role === session.me.role ? `${name}（您）` : name}</dt>`, html`<dd>${ROLE_WORK[role]}</dd>`])}</dl></section>
      <section class="panel"><div class="panel-head"><h2>键盘</h2></div>
        <div class="keys"><kbd>?</kbd><span>看本页的快捷键（有快捷键的页面）</span><kbd>↑</kbd><span>清单里上一条</span><kbd>↓</kbd><span>清单里下一条</span><kbd>Enter</kbd><span>打开所在的一条</span><kbd>Tab</kbd><span>到下一个输入框或按钮</span></div></section>
      <section class="panel all"><div class="panel-head"><h2>术语</h2></div>
        <dl class="words">${WORDS.map(([word, text]) => html`<div key=${word}><dt>${word}</dt><dd>${text}</dd></div>`)}</dl></section>
    </div></>`;
  },
};
