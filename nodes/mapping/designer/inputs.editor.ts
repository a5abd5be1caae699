import type { Json } from '../../../src/model/message.js';
import { element } from '../../kit/editor/element.js';

/** The inputs of a rule; each reports its value while the user types. */

export function textInput(value: string, label: string, set: (value: string) => void): HTMLInputElement {
  const input = element('input', { type: 'text', 'aria-label': label, autocomplete: 'off', spellcheck: 'false' });
  input.value = value;
  input.addEventListener('input', () => set(input.value.trim()));
  return input;
}

export function select(
  value: string,
  options: { value: string; text: string }[],
  label: string,
  set: (value: string) => void,
): HTMLSelectElement {
  const control = element(
    'select',
    { 'aria-label': label },
    ...options.map((one) => element('option', { value: one.value }, one.text)),
  );
  control.value = value;
  control.addEventListener('change', () => set(control.value));
  return control;
}

export function iconButton(icon: string, title: string, press: (event: MouseEvent) => void): HTMLButtonElement {
  const control = element(
    'button',
    { type: 'button', class: 'red-ui-button red-ui-button-small', title, 'aria-label': title },
    element('i', { class: `fa ${icon}`, 'aria-hidden': 'true' }),
  );
  control.addEventListener('click', press);
  return control;
}

export function linkButton(icon: string, text: string, press: (event: MouseEvent) => void): HTMLButtonElement {
  const control = element(
    'button',
    { type: 'button', class: 'switchboard-link-button' },
    element('i', { class: `fa ${icon}`, 'aria-hidden': 'true' }),
    ` ${text}`,
  );
  control.addEventListener('click', press);
  return control;
}

/** A choice of a few options, side by side. `choose` sets the selected one. */
export function segments<Value extends string>(
  options: { value: Value; text: string; title?: string }[],
  label: string,
  set: (value: Value) => void,
): { element: HTMLElement; choose(value: Value): void } {
  const buttons = options.map(({ value, text, title }) => {
    const control = element(
      'button',
      { type: 'button', class: 'red-ui-button red-ui-button-small', title, 'data-value': value },
      text,
    );
    control.addEventListener('click', () => set(value));
    return control;
  });
  return {
    element: element('span', { class: 'button-group switchboard-segments', role: 'group', 'aria-label': label }, ...buttons),
    choose(value) {
      for (const one of buttons) {
        one.classList.toggle('selected', one.dataset.value === value);
        one.setAttribute('aria-pressed', String(one.dataset.value === value));
      }
    },
  };
}

export function row(label: string, ...inputs: (HTMLElement | undefined)[]): HTMLElement {
  return element('div', { class: 'switchboard-panel-row' }, element('span', {}, label), element('div', {}, ...inputs));
}

/** A checkbox; its text and its hint are its label. */
export function checkboxRow(label: string, hint: string, checked: boolean, set: (checked: boolean) => void): HTMLElement {
  const box = element('input', { type: 'checkbox' });
  box.checked = checked;
  box.addEventListener('change', () => set(box.checked));
  return element(
    'label',
    { class: 'switchboard-panel-row' },
    element('span', {}, label),
    element('div', {}, box, element('small', {}, hint)),
  );
}

const JSON_TYPES = ['str', 'num', 'bool', 'json'];

/** Any JSON value in Node-RED's typed input; an empty input means no value. */
export function jsonInput(value: Json | undefined, label: string, set: (value: Json | undefined) => void): HTMLElement {
  const [type, text] = typed(value);
  return typedInput(JSON_TYPES, type, text, label, (kind, typedText) => {
    const parsed = typedValue(kind, typedText);
    if (parsed !== 'invalid') set(parsed.value);
  });
}

/** JSONata, with Node-RED's expression editor behind its button. */
export function jsonataInput(value: string | undefined, label: string, set: (value: string | undefined) => void): HTMLElement {
  return typedInput(['jsonata'], 'jsonata', value ?? '', label, (_, text) => set(text.trim() ? text : undefined));
}

function typedInput(
  types: string[],
  type: string,
  value: string,
  label: string,
  changed: (type: string, value: string) => void,
): HTMLElement {
  const input = element('input', { type: 'text', style: 'width: 100%', 'aria-label': label });
  const box = element('div', { class: 'switchboard-typed' }, input);
  const widget = $(input).typedInput({ types, default: type });
  widget.typedInput('value', value);
  // Node-RED 4 does not pass the label on to the input that it creates.
  box.querySelector('.red-ui-typedInput-input')?.setAttribute('aria-label', label);
  input.removeAttribute('aria-label');
  // The widget takes an empty text for a wrong expression, but ours are all optional.
  const unmark = (kind: string, text: string) => {
    if (kind === 'jsonata' && text === '') $(box).find('.input-error').removeClass('input-error');
  };
  unmark(type, value);
  let last = JSON.stringify([type, value]);
  // The widget reports key presses only, but text may also be pasted with the mouse.
  $(box).on('input change keyup', () => {
    const [kind, text] = [String(widget.typedInput('type')), String(widget.typedInput('value') ?? '')];
    unmark(kind, text);
    const now = JSON.stringify([kind, text]);
    if (now === last) return;
    last = now;
    changed(kind, text);
  });
  return box;
}

function typed(value: Json | undefined): [type: string, text: string] {
  if (value === undefined) return ['str', ''];
  if (typeof value === 'string') return ['str', value];
  if (typeof value === 'number') return ['num', String(value)];
  if (typeof value === 'boolean') return ['bool', String(value)];
  return ['json', JSON.stringify(value)];
}

function typedValue(type: string, text: string): { value: Json | undefined } | 'invalid' {
  if (text === '') return { value: undefined };
  if (type === 'bool') return { value: text === 'true' };
  if (type === 'num') return Number.isFinite(Number(text)) ? { value: Number(text) } : 'invalid';
  if (type !== 'json') return { value: text };
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return 'invalid';
  }
}
