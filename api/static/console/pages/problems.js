// 共性问题: what many submissions say alike, the hottest first; by theme and place; what is new and
// what returns each year; on the map.

import { ElButton } from "element-plus";
import { post } from "../api.js";
import { count } from "../format.js";
import { html } from "../html.js";
import { confirm } from "../parts/dialogs.js";
import { told, useAction } from "../parts/failure.js";
import { Frame } from "../parts/frame.js";
import { chosen, Tabs } from "../parts/tabs.js";
import { may } from "../session.js";
import { DivisionMap } from "./problems/divisionmap.js";
import { Emerging } from "./problems/emerging.js";
import { Hottest } from "./problems/hottest.js";
import { Themes } from "./problems/themes.js";

const HELP = `许多来件说的是同一件具体的事，系统归成一个共性问题，起名、算热度；归错了可以改，人的更正永远算数。
“主题与区划”看同一种毛病在哪些地方都有；“新发与年历”看什么近七天明显多了、什么年年到时候就来；“地图”看各区划的数字。
热度满分 100：反映人数、紧急程度、增长、点赞，久无新的反映则冷却。检举控告不在其中。`;
const TABS = [["heat", "按热度"], ["themes", "主题与区划"], ["emerging", "新发与年历"], ["map", "地图"]];
const PARTS = { heat: Hottest, themes: Themes, emerging: Emerging, map: DivisionMap };

export default {
  setup() {
    const regroup = useAction(async () => {
      if (!await confirm("把两年来的来件全部重新归并一遍，人的更正不变。平时每天夜里自动做；来件多时要几分钟。", "重新归并", { yes: "开始" })) return;
      const done = await post("/v1/problems:regroup");
      told(`已归并：${count(done.submissions)} 件来件，${count(done.problems)} 个问题，${count(done.moved)} 件换了归属`);
    });
    const actions = () => may("correct_problems") && html`<${ElButton} loading=${regroup.busy} onClick=${regroup.run}>重新归并</>`;
    return () => html`<${Frame} help=${HELP} actions=${actions}>
      <${Tabs} tabs=${TABS} />
      <${PARTS[chosen(TABS)]} />
    </>`;
  },
};
