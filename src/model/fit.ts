import type { ErrorObject } from 'ajv';
import { say } from '../text/say.js';
import { sameChoice } from './choice.js';
import type { GenericMessage, Json } from './message.js';
import type { Problem } from './problem.js';
import { genericErrors, problemOf } from './schema.js';

/** Removing a value may show that what contained it is incomplete; nothing is nested deeper. */
const MAX_PASSES = 5;
/** What a partner fills; the rest of a message is made by Switchboard. */
const PARTNERS = /^\/(fields|comments|attachments|relations)\//;

export interface FittedMessage {
  message: GenericMessage;
  /** A warning for each value that was left out, an error for each fault of the message itself. */
  problems: Problem[];
}

/**
 * A message made from a partner's record, as the generic model wants it. One value that does not fit must not stop the rest: a
 * number becomes a text where one is wanted, and the other way round; a choice is taken however it is written; anything else is
 * left out, with a warning. Pure.
 */
export function fitToSchema(given: GenericMessage): FittedMessage {
  let errors = genericErrors(given);
  if (errors.length === 0) return { message: given, problems: [] };
  const message = structuredClone(given);
  const problems: Problem[] = [];
  for (let pass = 0; pass < MAX_PASSES && errors.some(isPartners); pass++) {
    // From the end: removing an entry of a list moves those behind it.
    for (const error of errors.filter(isPartners).reverse()) {
      const removed = adjust(message as unknown as Json, error);
      if (removed) problems.push({ ...problemOf(error), level: 'warning', text: say`${problemOf(error).text} It was left out.` });
    }
    errors = genericErrors(message);
  }
  return { message, problems: [...problems.reverse(), ...errors.map(problemOf)] };
}

function isPartners({ instancePath }: ErrorObject): boolean {
  return PARTNERS.test(`${instancePath}/`);
}

/** Converts the value that an error is about, or removes it; true where it was removed. */
function adjust(message: Json, { instancePath, keyword, params }: ErrorObject): boolean {
  const names = instancePath
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = names.pop() ?? '';
  const parent = names.reduce<Json | undefined>((tree, name) => (tree as Record<string, Json> | undefined)?.[name], message);
  if (typeof parent !== 'object' || parent === null) return false;
  const holder = parent as Record<string, Json>;
  const value = holder[last];
  if (value === undefined) return false;
  if (keyword === 'additionalProperties') {
    delete (value as Record<string, Json>)[String(params.additionalProperty)];
    return true;
  }
  const fitting = converted(value, keyword, params);
  if (fitting !== undefined) holder[last] = fitting;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete holder[last];
  return fitting === undefined;
}

function converted(value: Json, keyword: string, params: ErrorObject['params']): Json | undefined {
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (!isScalar) return undefined;
  if (keyword === 'enum')
    return (params.allowedValues as Json[]).find((one) => typeof one === 'string' && sameChoice(one, String(value)));
  if (keyword !== 'type') return undefined;
  if (params.type === 'string') return String(value);
  const number = params.type === 'number' && typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isNaN(number) ? undefined : number;
}
