// The Chinese words for codes, as the core has them (a test holds the two together).

export const URGENCIES = { 1: "特急", 2: "紧急", 3: "较急", 4: "一般" };
export const STATES = {
  registered: "登记", assigned: "交办", accepted: "签收", replied: "回告", evaluated: "评价", closed: "销号",
  returned: "退回", declined: "不予受理", forwarded: "转送", merged: "并件", reopened: "重办",
};
export const OUTCOMES = { solved: "已解决", explained: "已解释", not_supported: "不予支持" };
export const CHANNELS = ["来信", "来访", "来电", "网络", "微信", "走访"];
export const NATURES = ["咨询", "求助", "投诉", "举报", "检举控告", "建议", "感谢"];
export const FLAGS = ["群体", "重复反映", "公职人员", "极端风险", "未成年人", "老弱病残", "涉企", "个人信息"];
export const ROLES = { clerk: "受理员", officer: "承办人", supervisor: "督查员", discipline: "纪检员", admin: "管理员" };
export const TASK_STATES = { open: "进行中", done: "已完成", cancelled: "已取消" };
export const FINDING_STATES = { open: "待处理", confirmed: "已确认", dismissed: "已排除", urged: "已督办", settled: "已自行了结" };
export const SATISFACTIONS = { 5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意" };

// How a tag of a state is coloured; the word always stands in it too.
export const STATE_TONES = {
  registered: "wait", assigned: "wait", accepted: "work", replied: "good", evaluated: "good", closed: "calm",
  returned: "warn", declined: "calm", forwarded: "calm", merged: "calm", reopened: "warn",
};

// Who acted: a person's name where `people` (login to name) has it, else what the login stands for.
const ACTORS = { citizen: "反映人", clock: "系统", cli: "服务器命令", model: "系统", demo: "演示" };
export const actorName = (who, people = {}) => people[who] ?? ACTORS[who] ?? (who.startsWith("key:") ? `接口密钥 ${who.slice(4)}` : who.startsWith("model:") ? ACTORS.model : who);
