// 派单目录: which department takes what, and why, as a table.

import { makeTablePage } from "./table.js";

export default makeTablePage({
  table: "catalogue",
  name: "派单目录",
  help: `什么样的来件派给谁、谁协办、依据什么。领域写“一级/二级/三级”，只写到上级就管其下全部，* 为不限。
各行的条件同时符合才适用；写得越细的越优先。“转送”填“是”的不进台账，转有权处理的机关。
改好先试算：用最近一个月的来件各算一遍，看会有哪些改派；看过再生效，只管以后的来件。`,
  wide: ["领域", "理由", "依据"],
  afterwards: "只管以后的来件；在办的台账不动。各处理进程随即用新的目录。",
});
