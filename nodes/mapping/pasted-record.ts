import { flatRow, parse as parseServiceNow } from '../../src/endpoints/servicenow/parse.js';
import type { Json } from '../../src/model/message.js';
import type { Subject } from './kept-messages.js';

type Tree = Record<string, Json>;

/** Properties that may wrap a pasted record: in an answer, an event, or the output of an in node. */
const WRAPPERS = ['result', 'record', 'ticket', 'order', 'event', 'troubleTicket', 'productOrder'];

/** The partner's record in a pasted object, in the form that rules read. An already parsed record stays as it is. */
export function recordOf({ system, entityType }: Subject, pasted: Tree): Tree {
  if (system !== 'servicenow') return unwrapped(pasted);
  if (isTree(pasted.record)) return parseServiceNow(pasted, { endpoint: '', entityType, baseUrl: '' }).record;
  const { lines, ...columns } = unwrapped(pasted);
  return { ...flatRow(columns), ...(lines !== undefined && { lines }) };
}

function unwrapped(given: Tree): Tree {
  for (const name of WRAPPERS) {
    const inner = Array.isArray(given[name]) ? given[name][0] : given[name];
    if (isTree(inner) && !('value' in inner)) return unwrapped(inner);
  }
  return given;
}

function isTree(value: Json | undefined): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
