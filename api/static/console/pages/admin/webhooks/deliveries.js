// The messages to one receiver and what became of each; those that did not arrive can go out again.

import { ElButton } from "element-plus";
import { get, post } from "../../../api.js";
import { tag, time } from "../../../format.js";
import { html } from "../../../html.js";
import { told, useAction } from "../../../parts/failure.js";
import { asked, Filters } from "../../../parts/filters.js";
import { PagedTable, usePaged } from "../../../parts/table.js";
import { link } from "../../../router.js";
import { may } from "../../../session.js";

const STATES = { waiting: "等待发出", delivered: "已送到", dead: "没有送到" };
const TONES = { waiting: "wait", delivered: "good", dead: "danger" };
const FIELDS = [{ key: "state", name: "状态", kind: "select", options: STATES }];

// html`<${Deliveries} webhook=${webhook} names=${kinds to names} onSent=${…} />`
export const Deliveries = {
  props: ["webhook", "names"],
  emits: ["sent"],
  setup(props, { emit }) {
    const list = usePaged((query, signal) => get(`/v1/webhooks/${props.webhook.id}/deliveries`, query, { signal }), () => asked(FIELDS));
    const resend = useAction(async (message) => {
      await post(`/v1/deliveries/${message.id}/resend`);
      told("重新发送");
      await list.load.reload();
      emit("sent");
    });
    const columns = [
      { key: "at", name: "写入", nowrap: true, cell: (message) => html`<span class="number">${time(message.created_at)}</span>` },
      { key: "kind", name: "事件", nowrap: true, cell: (message) => props.names[message.kind] ?? message.kind },
      { key: "entry", name: "条目", nowrap: true, cell: (message) => (message.entry_id ? may("read") ? html`<a href=${link(`/entries/${message.entry_id}`)}>${message.entry_id}</a>` : message.entry_id : "—") },
      { key: "state", name: "状态", nowrap: true, cell: (message) => tag(STATES[message.state], TONES[message.state]) },
      { key: "tries", name: "已试", right: true, nowrap: true, cell: (message) => `${message.attempts} 次` },
      { key: "fate", name: "下落", cell: fate },
      { key: "key", name: "编号", nowrap: true, cell: (message) => html`<code>${message.key}</code>` },
      { key: "act", name: "操作", nowrap: true, cell: (message) => message.state !== "waiting" && html`<${ElButton} size="small" disabled=${resend.busy} onClick=${() => resend.run(message)}>重新发送</>` },
    ];
    return () => html`<section class="messages" aria-label="消息"><h2>发给“${props.webhook.name}”的消息</h2>
      <${Filters} fields=${FIELDS} />
      <${PagedTable} list=${list} columns=${columns} label="消息" whole empty=${{ title: "没有这样的消息", text: "台账有了变化，或发一条试验消息，就会写在这里。" }} /></section>`;
  },
};

function fate(message) {
  const why = [message.last_status && `对方答 ${message.last_status}`, message.last_error].filter(Boolean).join("，");
  if (message.state === "delivered") return html`<span class="number">${time(message.delivered_at)} 送到</span>`;
  if (message.state === "dead") return html`<span class="number">${time(message.dead_at)} 起不再重试${why && `：${why}`}</span>`;
  return html`<span class="number">${time(message.next_at)} 再试${why && `，上次${why}`}</span>`;
}
