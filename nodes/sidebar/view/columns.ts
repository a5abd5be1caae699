import type { Json } from '../../../src/model/message.js';
import type { AppliedRule, DeliveryView, FieldLine, FieldValue } from '../views.js';
import type { Backend } from './backend.js';
import { element, fill } from './element.js';

interface ColumnContext {
  t: Backend['t'];
  openMapping?: Backend['openMapping'];
}

/** Longer values are cut; the JSON below shows them in full. */
const MAX_LENGTH = 240;

export function valueText(value: Json | undefined): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === undefined ? '' : text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** The partner's fields, highlighted when a field made from them is selected. */
export function incomingFields(fields: FieldValue[], sent: DeliveryView[]): HTMLElement {
  const used = new Set(sent.flatMap(({ lines }) => lines.flatMap(sourcesOf)));
  const isUsed = (path: string) => [...used].some((source) => isWithin(path, source));
  return element(
    'ul',
    { class: 'switchboard-fields' },
    ...fields.map(({ path, value }) =>
      element(
        'li',
        { class: isUsed(path) ? 'switchboard-made-field' : 'switchboard-made-field switchboard-unused', 'data-path': path },
        element('code', {}, path),
        element('span', {}, valueText(value)),
      ),
    ),
  );
}

function sourcesOf(line: FieldLine): string[] {
  return line.from.flatMap(({ fields }) => fields.map(({ path }) => path));
}

function isWithin(path: string, source: string): boolean {
  return path === source || path.startsWith(`${source}.`) || path.startsWith(`${source}[`);
}

/**
 * The fields of a delivery, each with the rule that made it. Pointing at one, or focusing it with the keyboard, shows its origin
 * as a sentence and highlights the partner's fields that it was made from.
 */
export function outgoingFields(delivery: DeliveryView, incoming: HTMLElement, context: ColumnContext): HTMLElement {
  const { t } = context;
  const origin = element(
    'p',
    { class: 'switchboard-field-origin', role: 'status' },
    delivery.lines.some(({ made }) => made) && t('lineage.point'),
  );
  const list = element('ul', { class: 'switchboard-lines', 'aria-label': t('lineage.title') });
  for (const [index, line] of delivery.lines.entries()) {
    const item = element(
      'li',
      { class: 'switchboard-line', tabindex: index === 0 ? '0' : '-1' },
      element('span', { class: 'switchboard-made-rule' }, ...steps(line, context)),
      element(
        'span',
        { class: 'switchboard-made-field' },
        element('code', {}, line.path),
        element('span', {}, valueText(line.value)),
      ),
    );
    const highlight = (on: boolean) => {
      const sources = on ? sourcesOf(line) : [];
      for (const field of incoming.querySelectorAll<HTMLElement>('[data-path]'))
        field.classList.toggle(
          'switchboard-lit',
          sources.some((source) => isWithin(field.dataset.path ?? '', source)),
        );
      item.classList.toggle('switchboard-lit', on);
      if (!on) return;
      fill(origin, fieldText(line, t));
      incoming.querySelector('.switchboard-lit')?.scrollIntoView({ block: 'nearest' });
    };
    item.addEventListener('mouseenter', () => highlight(true));
    item.addEventListener('mouseleave', () => highlight(item === document.activeElement));
    item.addEventListener('focus', () => highlight(true));
    item.addEventListener('blur', () => highlight(false));
    list.append(item);
  }
  list.addEventListener('keydown', moveFocus);
  return element('div', { class: 'switchboard-outgoing' }, list, origin);
}

function moveFocus(event: KeyboardEvent): void {
  const item = event.target as HTMLElement;
  const to = { ArrowDown: item.nextElementSibling, ArrowUp: item.previousElementSibling }[event.key];
  if (!(to instanceof HTMLElement)) return;
  event.preventDefault();
  item.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

/** The origin of a field in short: the inbound rules, then the outbound rule. */
function steps(line: FieldLine, context: ColumnContext): (HTMLElement | undefined)[] {
  const { t } = context;
  if (line.edited) return [element('span', { class: 'switchboard-edited' }, t('lineage.edited'))];
  if (!line.made) return [element('span', {}, t('lineage.none'))];
  const before = line.from.flatMap(({ generic, made, fields }) =>
    made ? [step(`${fields.map(({ path }) => path).join(', ') || t(`lineage.${made.kind}`)} → ${generic}`, made, context)] : [],
  );
  const what =
    line.made.kind === 'source'
      ? `${line.from.map(({ generic }) => generic).join(', ')} → ${line.path}`
      : t(`lineage.${line.made.kind}`);
  return [...before, step(what, line.made, context)];
}

function step(what: string, made: AppliedRule, { t, openMapping }: ColumnContext): HTMLElement {
  const text = t(made.row === undefined ? 'lineage.rule' : 'lineage.ruleRow', { ...made });
  const named = element('button', { type: 'button', class: 'switchboard-link', tabindex: '-1', title: made.mapping }, text);
  named.addEventListener('click', () => openMapping?.(made.node));
  return element(
    'span',
    { class: 'switchboard-step' },
    element('span', {}, what),
    openMapping && made.node ? named : element('small', { title: made.mapping }, text),
  );
}

/** The origin of a field as a sentence, from its value back to the partner's fields. */
function fieldText(line: FieldLine, t: Backend['t']): string {
  const head = t('lineage.field', { field: line.path, value: valueText(line.value) });
  if (line.edited) return `${head} ${t('lineage.editedLong')}`;
  if (!line.made) return `${head} ${t('lineage.noneLong')}`;
  const rule = (made: AppliedRule) => t(made.row === undefined ? 'lineage.ruleOf' : 'lineage.ruleRowOf', { ...made });
  const parts = [`${head} ${t(`lineage.kind_${line.made.kind}`)} ${rule(line.made)}`];
  for (const { generic, value, made, fields } of line.from) {
    const from = t('lineage.from', { field: generic, value: valueText(value) });
    const sources = fields.map(({ path, value: given }) => `${path} "${valueText(given)}"`).join(', ');
    parts.push(made ? `${from}, ${rule(made)}${sources && `, ${t('lineage.read', { sources })}`}` : from);
  }
  return `${parts.join('; ')}.`;
}
