import { ROUTE_OPERATORS, type RouteCondition, type RouteOperator, UNARY_OPERATORS } from '../../src/conversation/route-rules.js';
import { ENTITIES, EVENTS, LEVELS, PRIORITIES, SEVERITIES, STATES } from '../../src/model/message.js';
import { isExpression as isValidExpression } from '../kit/editor/validate.js';

/** The values of fields that have a fixed list of them. */
const VALUES: Record<string, readonly string[]> = {
  entity: ENTITIES,
  event: EVENTS,
  state: STATES,
  severity: SEVERITIES,
  impact: LEVELS,
  urgency: LEVELS,
  priority: PRIORITIES,
};

/** One condition: field, operator, value. `redraw` is called when the operator needs other inputs. */
export function conditionLine(
  condition: RouteCondition,
  fields: string,
  translate: Translate,
  changed: () => void,
  redraw: () => void,
): JQuery {
  const isExpression = condition.operator === 'expression';
  const operator = $('<select>', { 'aria-label': translate('rule.operator') });
  operator.append(
    ROUTE_OPERATORS.map((name) =>
      $('<option>')
        .val(name)
        .text(translate(`operator.${name}`)),
    ),
  );
  operator.val(condition.operator).on('change', () => {
    condition.operator = String(operator.val()) as RouteOperator;
    redraw();
  });
  const field = input(condition.field, 'severity', (text) => {
    condition.field = text.trim();
    changed();
  }).attr({ list: fields, 'aria-label': translate('rule.field') });
  const value = input(condition.value, translate(isExpression ? 'rule.expressionExample' : 'rule.valueExample'), (text) => {
    condition.value = text;
    mark();
    changed();
  }).attr('aria-label', translate('rule.value'));
  const mark = () => {
    const isInvalid = isExpression && condition.value.trim() !== '' && !isValidExpression(condition.value);
    value.toggleClass('input-error', isInvalid).attr('aria-invalid', String(isInvalid));
  };
  mark();
  const choices = $('<datalist>', { id: RED.nodes.id() });
  value.attr('list', choices.attr('id') ?? '').on('focus', () => {
    choices.empty().append((VALUES[condition.field] ?? []).map((one) => $('<option>').val(one)));
  });
  const line = $('<div>', { class: 'switchboard-route-condition' }).toggleClass('switchboard-route-expression', isExpression);
  if (!isExpression) line.append(field);
  line.append(operator);
  return line.append(UNARY_OPERATORS.includes(condition.operator) ? $('<span>') : value, isExpression ? '' : choices.hide());
}

function input(value: string, placeholder: string, changed: (text: string) => void): JQuery {
  const created = $('<input>', { type: 'text', placeholder }).val(value);
  return created.on('input change', () => changed(String(created.val() ?? '')));
}
