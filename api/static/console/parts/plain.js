// A button and a field in the looks of the component library and without it, for what one sees first.

import { ref } from "vue";
import { html } from "../html.js";
import { Icon } from "./icon.js";

// html`<${Button} type="primary" submit busy=${form.busy}>登录</>`
export const Button = (props, { slots }) => html`<button type=${props.submit ? "submit" : "button"} class=${["el-button", props.type && `el-button--${props.type}`]} disabled=${props.busy} aria-busy=${props.busy ? "true" : null}><span>${slots.default?.()}</span></button>`;
Button.props = { type: String, submit: Boolean, busy: Boolean };

// html`<${Field} id="login" label="登录名" autocomplete="username" ...${bind(form, "login")} />`; of type
// "password" it has a button that shows what was typed. `hint` stands below.
export const Field = {
  inheritAttrs: false,
  props: { id: String, label: String, type: { type: String, default: "text" }, modelValue: String, hint: String, disabled: Boolean },
  emits: ["update:modelValue"],
  setup(props, { attrs, emit }) {
    const shown = ref(false);
    const reveal = () => html`<button type="button" class="plain reveal" aria-label=${shown.value ? "隐藏密码" : "显示密码"} onClick=${() => { shown.value = !shown.value; }}><${Icon} name=${shown.value ? "hidden" : "eye"} /></button>`;
    return () => html`<div class="el-form-item el-form-item--label-top">
      <label class="el-form-item__label" for=${props.id}>${props.label}</label>
      <div class="el-form-item__content"><div class=${{ "el-input": true, "is-disabled": props.disabled }}><div class="el-input__wrapper">
        <input ...${attrs} id=${props.id} class="el-input__inner" type=${shown.value ? "text" : props.type} disabled=${props.disabled} value=${props.modelValue} onInput=${(event) => emit("update:modelValue", event.target.value)} />
        ${props.type === "password" && reveal()}
      </div></div>${props.hint && html`<span class="hint">${props.hint}</span>`}</div>
    </div>`;
  },
};
