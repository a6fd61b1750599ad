// What an event of the log says besides who, when and what: codes and numbers, told in words.

import { time } from "../../../format.js";
import { OUTCOMES, ROLES, STATES, URGENCIES } from "../../../names.js";
import { THRESHOLD_NAMES } from "../thresholds/findings.js";

const KEYS = {
  about: "提醒", at: "时间", active: "启用", after: "改后", before: "改前", changed: "改了", content_hash: "内容哈希", count: "件数", days: "日期", deadline: "时限", department: "单位", finding: "监督事项",
  from: "从", gone: "撤回", host: "主机", import: "导入", invitation: "邀请", key: "密钥", kinds: "事件", lead: "主办", list: "清单", model: "模型", other: "另一个", outcome: "办理结果", problem: "共性问题",
  provisional: "暂定", reason: "理由", refused: "有误", reopenings: "第几次重办", rows: "行数", rule: "规则", rulebook: "时限规则", scopes: "权限", session: "会话", since: "起", until: "止", state: "状态",
  stayed: "留下", submissions: "来件", problems: "共性问题", moved: "改属", absorbed: "并入", taken: "入库", task: "任务", to: "到", user: "用户编号", version: "版本", webhook: "推送地址", role: "角色",
  urgency: "紧急程度", domain: "领域", nature: "性质", division: "行政区划", assisting: "协办", place: "地点", login: "登录名", name: "姓名", into: "并入条目", parts: "分成", level: "方式", review: "复核",
};
const WORDS = {
  destination: { ledger: "台账", review: "复核", discipline: "纪检" },
  list: { problems: "问题清单", tasks: "任务清单", effects: "效果清单", supervision: "监督清单", ledger: "台账" },
  about: { due: "将到期", overdue: "已超期", accept: "该签收" },
  changed: { rulebook: "规则", hours: "办公时间", reminders: "提醒", declared_years: "录全的年份" },
  outcome: OUTCOMES, role: ROLES, urgency: URGENCIES, from: STATES, to: STATES, state: STATES,
};
const DEPARTMENTS = new Set(["department", "lead", "assisting"]);

// "主办 住建局，紧急程度 较急"; `words` has departments, scopes, rules, events, fields: code to name.
export function tellPayload(payload, words) {
  return Object.entries(payload).filter(([, value]) => !isEmpty(value)).map(([key, value]) => `${nameOf(key, words)} ${tell(key, value, words)}`).join("，");
}

const isEmpty = (value) => value === null || value === "" || (typeof value === "object" && !Object.keys(value).length);
const nameOf = (key, words) => KEYS[key] ?? words.fields[key] ?? THRESHOLD_NAMES[key] ?? key;

function tell(key, value, words) {
  if (Array.isArray(value)) return value.map((one) => tell(key, one, words)).join("、");
  if (typeof value === "boolean") return value ? "是" : "否";
  if (value && typeof value === "object") return `（${tellPayload(value, words)}）`;
  if (DEPARTMENTS.has(key)) return words.departments[value] ?? value;
  if (key === "scopes") return words.scopes[value] ?? value;
  if (key === "rule") return words.rules[value] ?? value;
  if (key === "kinds") return words.events[value] ?? value;
  if (key === "content_hash") return String(value).slice(0, 8);
  if (WORDS[key]?.[value]) return WORDS[key][value];
  return /^\d{4}-\d\d-\d\dT/.test(value) ? time(value) : String(value);
}
