import { parse as parseServiceNow } from '../../src/endpoints/servicenow/parse.js';
import type { Json } from '../../src/model/message.js';
import type { Subject } from './kept-messages.js';

type Tree = Record<string, Json>;

/** What people paste: a record, or what they found it wrapped in (an answer, an event, what an in node sent). */
const WRAPPERS = ['result', 'record', 'ticket', 'event', 'troubleTicket', 'productOrder'];

/** The partner's record in something that was pasted, as rules read it. */
export function recordOf({ system, entityType }: Subject, pasted: Tree): Tree {
  const record = unwrapped(pasted);
  if (system !== 'servicenow') return record;
  return parseServiceNow({ table: entityType, record }, { endpoint: '', entityType, baseUrl: '' }).record;
}

function unwrapped(given: Tree): Tree {
  for (const name of WRAPPERS) {
    const inner = Array.isArray(given[name]) ? given[name][0] : given[name];
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner) && !('value' in inner)) return unwrapped(inner);
  }
  return given;
}
