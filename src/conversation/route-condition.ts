import type { GenericMessage } from '../model/message.js';
import { HEADING } from './route-fields.js';
import type { RouteCondition } from './route-rules.js';

/** Evaluates a JSONata expression for a message; rejects with SWB_EXPRESSION. */
export type Evaluate = (expression: string, message: GenericMessage) => Promise<unknown>;

/** Characters of a text that conditions look at. Searching a longer one for a long text could take seconds. */
const MAX_TEXT = 100_000;

/** The texts at a field of a message, in the form in which they are compared. */
export type TextsAt = (field: string) => readonly string[];

/** Reads each field of a message once, however many conditions ask for it. */
export function textsOfMessage(message: GenericMessage): TextsAt {
  const known = new Map<string, readonly string[]>();
  return (field) => {
    const texts = known.get(field) ?? valuesAt(message, field).map(comparable).filter(Boolean);
    known.set(field, texts);
    return texts;
  };
}

/** Whether a condition holds for a message. Texts are compared without case and without the spaces around them. */
export async function holds(
  condition: RouteCondition,
  message: GenericMessage,
  evaluate: Evaluate,
  textsAt = textsOfMessage(message),
): Promise<boolean> {
  const { field, operator, value } = condition;
  if (operator === 'expression') return Boolean(await evaluate(value, message));
  const found = textsAt(field);
  const wanted = comparable(value);
  switch (operator) {
    case 'is':
      return found.includes(wanted);
    case 'isNot':
      return !found.includes(wanted);
    case 'isOneOf': {
      const list = value.split(',').map(comparable).filter(Boolean);
      return found.some((text) => list.includes(text));
    }
    case 'contains':
      return found.some((text) => text.includes(wanted));
    case 'beginsWith':
      return found.some((text) => text.startsWith(wanted));
    case 'matches':
      return found.some((text) => matchesPattern(wanted, text));
    case 'isEmpty':
      return found.length === 0;
    case 'isNotEmpty':
      return found.length > 0;
  }
}

/**
 * The values of a field as texts: of a list those of all its entries, of an object such as `service` all its properties, so that
 * "service is MPLS" finds the name as well as the id.
 */
function valuesAt(message: GenericMessage, field: string): string[] {
  const steps = field.trim().split('.');
  const isHeading = HEADING.includes(steps[0] ?? '');
  let values: unknown[] = [isHeading ? message : message.fields];
  for (const step of steps) values = values.flatMap(asList).map((value) => propertyOf(value, step));
  return values.flatMap(asList).flatMap(textsOf);
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(asList) : [value];
}

function propertyOf(value: unknown, name: string): unknown {
  const isOwn = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return isOwn ? (value as Record<string, unknown>)[name] : undefined;
}

function textsOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'object') return Object.values(value).flatMap((one) => (typeof one === 'object' ? [] : textsOf(one)));
  return [String(value)];
}

function comparable(text: string): string {
  return text.slice(0, MAX_TEXT).normalize('NFKC').trim().toLowerCase();
}

/**
 * Whether a text matches a pattern in which `*` stands for any text. Each part is searched once from left to right, so that no
 * pattern can take longer than the length of the text times that of the pattern, unlike a regular expression.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
