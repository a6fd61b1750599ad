// 责任单位: the directory of departments, as a table.

import { makeTablePage } from "./table.js";

export default makeTablePage({
  table: "departments",
  name: "单位目录",
  help: `各责任单位的代码、名称、别名、职责、上级。文中写到别名也认得出是哪个单位。
几个别名、几项职责用顿号隔开。代码定了不要改：台账按代码记着。机构改革时改名称、加别名即可。
去掉的单位停用，它的台账还在。改好先试算，看最近一个月的来件会有哪些改派，再生效。`,
  wide: ["职责", "别名"],
  afterwards: "只管以后的来件；在办的台账不动。去掉的单位停用，台账还在。",
});
