// Every page of the console: its address, name, module, what one must be allowed to do to open it,
// and where it stands in the navigation. A page is added by one line here and one module in pages/.
//
// `needs`: actions of docs/roles.md, one of which is enough; none means any signed-in person.
// `open`: no sign-in is asked for. `group`: shown in the navigation under this heading. `light`: stands
// without the component library, which would take longer to come than all the rest.

export const GROUPS = ["", "受理", "办理", "研判", "督查", "管理"];

export const PAGES = [
  { path: "/", name: "工作台", file: "home", group: "", light: true },
  { path: "/register", name: "来件登记", file: "register", needs: ["submit"], group: "受理" },
  { path: "/imports", name: "批量导入", file: "imports", needs: ["submit"], group: "受理" },
  { path: "/review", name: "人工复核", file: "review", needs: ["read_review"], group: "受理" },
  { path: "/ledgers", name: "台账", file: "ledgers", needs: ["read"], group: "办理" },
  { path: "/entries/:id", name: "台账条目", file: "entry", needs: ["read"], under: "/ledgers" },
  { path: "/submissions/:id", name: "来件", file: "submission", needs: ["read"], under: "/ledgers" },
  { path: "/lists", name: "四张清单", file: "lists", needs: ["read_lists"], group: "办理" },
  { path: "/tasks/new", name: "安排任务", file: "newtask", needs: ["plan_tasks"], under: "/lists" },
  { path: "/tasks/:id", name: "任务", file: "task", needs: ["read_lists"], under: "/lists" },
  { path: "/problems", name: "共性问题", file: "problems", needs: ["read_problems"], group: "研判" },
  { path: "/problems/:id", name: "共性问题", file: "problem", needs: ["read_problems"], under: "/problems" },
  { path: "/statistics", name: "统计", file: "statistics", needs: ["read_statistics"], group: "研判" },
  { path: "/reports", name: "报表通报", file: "reports", needs: ["write_reports"], group: "研判" },
  { path: "/supervision", name: "督查", file: "supervision", needs: ["decide_findings", "urge"], group: "督查" },
  { path: "/confidential", name: "保密件", file: "confidential", needs: ["read_accusations"], group: "督查" },
  { path: "/confidential/:id", name: "保密件", file: "confidential", needs: ["read_accusations"], under: "/confidential" },
  { path: "/admin/users", name: "用户", file: "admin/users", needs: ["manage_users", "manage_discipline"], group: "管理" },
  { path: "/admin/departments", name: "责任单位", file: "admin/departments", needs: ["manage_settings"], group: "管理" },
  { path: "/admin/catalogue", name: "派单目录", file: "admin/catalogue", needs: ["manage_settings"], group: "管理" },
  { path: "/admin/deadlines", name: "时限与节假日", file: "admin/deadlines", needs: ["manage_settings"], group: "管理" },
  { path: "/admin/thresholds", name: "阈值", file: "admin/thresholds", needs: ["manage_settings"], group: "管理" },
  { path: "/admin/models", name: "模型", file: "admin/models", needs: ["manage_settings"], group: "管理" },
  { path: "/admin/keys", name: "接口密钥", file: "admin/keys", needs: ["manage_keys", "manage_discipline"], group: "管理" },
  { path: "/admin/webhooks", name: "推送", file: "admin/webhooks", needs: ["manage_webhooks"], group: "管理" },
  { path: "/admin/audit", name: "操作日志", file: "admin/audit", needs: ["read_audit"], group: "管理" },
  { path: "/help", name: "帮助与术语", file: "help" },
  { path: "/password", name: "修改密码", file: "password" },
  { path: "/signin", name: "登录", file: "signin", open: true, light: true },
  { path: "/citizen", name: "办理情况查询", file: "citizen", open: true },
];

export function findPage(path) {
  for (const page of PAGES) {
    const names = [...page.path.matchAll(/:(\w+)/g)].map((match) => match[1]);
    const pattern = new RegExp(`^${page.path.replace(/:\w+/g, "([^/]+)")}$`);
    const match = path.match(pattern);
    if (match) return { page, params: Object.fromEntries(names.map((name, at) => [name, decode(match[at + 1])])) };
  }
  return null;
}

// What is no spelling of anything (a % alone) stands for itself.
function decode(told) {
  try {
    return decodeURIComponent(told);
  } catch {
    return told;
  }
}
