// Rates: the share with its two counts beside it; pointed at or reached by keyboard, what they count.

import { ElTooltip } from "element-plus";
import { reactive } from "vue";
import { count, percent } from "../format.js";
import { html } from "../html.js";

// What stands above and below the line of each rate (docs/statistics.md).
const ABOUT = {
  reply: ["已回告的到期件", "到期件"],
  on_time: ["在时限内回告的到期件", "到期件"],
  completion: ["已销号且有办理结果的到期件", "到期件"],
  completion_solved: ["以“已解决”销号的到期件", "到期件"],
  completion_explained: ["以“已解释”销号的到期件", "到期件"],
  completion_not_supported: ["以“不予支持”销号的到期件", "到期件"],
  satisfaction: ["评价为基本满意以上的", "有评价的"],
  solution: ["反映人说已解决的", "有评价的"],
  return: ["被退回过的条目", "全部条目"],
  perfunctory: ["疑似敷衍的回告", "评估过的回告"],
  repeat: ["同一反映人就同一领域再次来件的", "知道反映人的"],
  accuracy: ["首次建议的主办单位没有被改掉的", "系统建议了单位的来件"],
  direct: ["其中没有被改掉的", "系统有把握、直接交办的来件"],
  reviewed: ["其中没有被改掉的", "没把握、经人复核的来件"],
};

// "按时回复率 83.3%：在时限内回告的到期件 5 ÷ 到期件 6"
export function say(key, { name, numerator, denominator, value }) {
  const [above, below] = ABOUT[key] ?? ["分子", "分母"];
  if (!denominator) return `${name}：没有${below}，算不出`;
  return `${name} ${percent(value, 1)}：${above} ${count(numerator)} ÷ ${below} ${count(denominator)}`;
}

// html`<${Rate} of="on_time" rate=${line.rates.on_time} />`, inside a Rates.
export const Rate = ({ of, rate }) => html`<span class="rate" tabindex="0" data-says=${say(of, rate)} aria-label=${say(of, rate)}>
  <b>${rate.denominator ? percent(rate.value, 1) : "—"}</b><small>${count(rate.numerator)}/${count(rate.denominator)}</small>
</span>`;
Rate.props = ["of", "rate"];

// Around all rates of a table or panel: one tooltip serves them all.
export const Rates = {
  setup(props, { slots }) {
    const tip = reactive({ shown: false, at: null, says: "" });
    const show = (event) => {
      const rate = event.target.closest?.("[data-says]");
      if (rate) Object.assign(tip, { shown: true, at: rate, says: rate.dataset.says });
      else tip.shown = false;
    };
    const hide = () => { tip.shown = false; };
    return () => html`<div onMouseover=${show} onMouseleave=${hide} onFocusin=${show} onFocusout=${hide} onKeydown=${(event) => event.key === "Escape" && hide()}>
      ${slots.default()}
      <${ElTooltip} visible=${tip.shown} virtualRef=${tip.at} virtualTriggering content=${tip.says} placement="top" effect="light" />
    </div>`;
  },
};
