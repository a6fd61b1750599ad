// The list of accusations, without a word of any; that it was looked at goes on record.

import { get } from "../../api.js";
import { tag, time, urgencyTag } from "../../format.js";
import { html } from "../../html.js";
import { actorName } from "../../names.js";
import { asked, Filters } from "../../parts/filters.js";
import { Frame } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { PagedTable, usePaged } from "../../parts/table.js";
import { loadPeople } from "../../reference.js";
import { link } from "../../router.js";

const HELP = `检举控告和疑似检举控告的来件，只有纪检员看得到（《信访工作条例》第三十条）。
清单里没有文字；打开清单、打开一件、查看检举人，每一次都记入操作日志。
先办“待认定”的，只看它们时急的在前：属实是检举控告的留下，不是的放行，按普通来件办理。
您所在单位或下属单位被反映、或者文中提到您的，不会列给您。`;

export const ACCUSATION_STATES = { waiting: "待认定", held: "已认定", released: "已放行" };
export const stateOf = (state) => tag(ACCUSATION_STATES[state], { waiting: "warn", held: "danger" }[state]);

const FIELDS = [{ key: "state", name: "状态", kind: "select", options: ACCUSATION_STATES }];

export const Accusations = {
  setup() {
    const people = useLoad(loadPeople);
    const columns = [
      { key: "id", name: "来件编号", link: true, nowrap: true, cell: (line) => line.submission_id },
      { key: "state", name: "状态", nowrap: true, cell: (line) => stateOf(line.state) },
      { key: "urgency", name: "紧急程度", nowrap: true, cell: (line) => urgencyTag(line.urgency) },
      { key: "at", name: "入库时间", nowrap: true, cell: (line) => html`<span class="number">${time(line.received_at)}</span>` },
      { key: "by", name: "认定人", cell: (line) => (line.decided_by ? actorName(line.decided_by, people.data ?? {}) : "—") },
      { key: "decided", name: "认定时间", nowrap: true, cell: (line) => html`<span class="number">${time(line.decided_at)}</span>` },
    ];
    const list = usePaged((query, signal) => get("/v1/accusations", query, { signal }), () => asked(FIELDS), { key: (line) => line.submission_id });
    return () => html`<${Frame} help=${HELP}>
      <p class="note warn">每次查看都记入操作日志：谁、何时、看了哪一件。</p>
      <${Filters} fields=${FIELDS} />
      <${PagedTable} list=${list} columns=${columns} label="保密件清单" open=${(line) => link(`/confidential/${encodeURIComponent(line.submission_id)}`)}
        empty=${{ title: "没有这样的保密件", text: "系统认出疑似检举控告的来件时，会到这里等您认定。" }} />
    </>`;
  },
};
