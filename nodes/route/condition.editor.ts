import { ROUTE_VALUES } from '../../src/conversation/route-hints.js';
import {
  ROUTE_OPERATORS,
  type RouteCondition,
  type RouteOperator,
  type RouteProblem,
  UNARY_OPERATORS,
} from '../../src/conversation/route-rules.js';
import { isExpression as isValidExpression } from '../kit/editor/validate.js';

/** One condition in the dialog. */
export interface ConditionLine {
  element: JQuery;
  /** Shows that the field does not exist, and the one that was probably meant. */
  hint(problem: RouteProblem | undefined): void;
}

/** One condition: field, operator, value. `redraw` is called when the operator needs other inputs. */
export function conditionLine(
  condition: RouteCondition,
  fields: string,
  translate: Translate,
  changed: () => void,
  redraw: () => void,
): ConditionLine {
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
  // A name that is still being typed is not reported.
  field.on('blur', changed);
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
    choices.empty().append((ROUTE_VALUES[condition.field] ?? []).map((one) => $('<option>').val(one)));
  });
  const line = $('<div>', { class: 'switchboard-route-condition' }).toggleClass('switchboard-route-expression', isExpression);
  if (!isExpression) line.append(field);
  line.append(operator);
  line.append(UNARY_OPERATORS.includes(condition.operator) ? $('<span>') : value, isExpression ? '' : choices.hide());
  const note = $('<div>', { class: 'switchboard-route-hint', id: RED.nodes.id() });
  field.attr('aria-describedby', note.attr('id') ?? '');
  const take = (name: string) => {
    field.val(name).trigger('input').trigger('focus');
  };
  let shown = '';
  return {
    element: line,
    hint(problem) {
      // Redrawn only if it changes: a click on its button takes the focus from the field, which checks the rules.
      const text = problem && translate(problem.likely ? 'rule.fieldLikely' : 'rule.fieldUnknown', { field: problem.field });
      if (shown === (text ?? '') || (!shown && field.is(':focus'))) return;
      shown = text ?? '';
      field.toggleClass('input-error', shown !== '').attr('aria-invalid', String(shown !== ''));
      note.detach().text(shown);
      const likely = problem?.likely;
      if (likely)
        note.append(
          ' ',
          likelyButton(likely, () => take(likely)),
        );
      if (shown) line.append(note);
    },
  };
}

function likelyButton(name: string, take: () => void): JQuery {
  return $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small' }).text(name).on('click', take);
}

function input(value: string, placeholder: string, changed: (text: string) => void): JQuery {
  const created = $('<input>', { type: 'text', placeholder }).val(value);
  return created.on('input change', () => changed(String(created.val() ?? '')));
}
