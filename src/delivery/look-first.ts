import { conflictText } from '../conversation/conflict.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { showsSentValue } from '../conversation/field-changes.js';
import { sameFingerprint } from '../conversation/fingerprint.js';
import { type ChangeOrigin, changeOrigin, type PartyRules, ruleText, shownWins } from '../conversation/ownership.js';
import type { EndpointClient, Parsed } from '../endpoints/endpoint.js';
import type { Json } from '../model/message.js';
import type { Link } from '../store/store.js';
import { isOfItems } from './item-news.js';
import { genericsOf } from './outbox.js';

/** What a look right before a write has found. */
export interface Look {
  /** Fields that are not written: the partner has changed them since, and that stands. It is told to the others when it is heard of. */
  kept: ReadonlySet<string>;
  /** The generic fields they were to be made from. */
  untold: string[];
  /** What both sides changed, in words. */
  conflict?: string;
}

/** Fields of a write that the partner may have changed without our having heard of it: those that are known, and are not told item by item. */
export function lookedAt(names: readonly string[], request: EntityRequest, link: Link): string[] {
  if (!request.said || link.made === 'told') return [];
  return names.filter(
    (name) =>
      name in link.raw && !isOfItems(request, name) && !request.edited?.includes(name) && genericsOf(name, request).length > 0,
  );
}

/** Decides, of fields about to be written, whose value stands where the partner shows another one than the last we heard of. Pure. */
export function lookFirst(
  names: readonly string[],
  request: EntityRequest,
  link: Link,
  { record, source }: Parsed,
  client: EndpointClient,
  rules: (endpoint: string) => PartyRules,
): Look {
  const { said } = request;
  if (!said) return { kept: new Set(), untold: [] };
  const own = rules(client.id);
  // Was the last change ours, perhaps a comment, it is not known when theirs was made.
  const isOurs = client.integrationUser !== undefined && source.changedBy === client.integrationUser;
  const shown = changeOrigin(own.side, isOurs ? undefined : source.changedAt, client.clockAhead);
  const wanted: ChangeOrigin = { side: rules(said.endpoint).side, at: said.at };
  const unheard = names.filter(
    (name) =>
      name in record && !sameFingerprint(link.raw[name], record[name]) && !showsSentValue(record[name], request.fields[name]),
  );
  const changed = [...new Set(unheard.flatMap((name) => genericsOf(name, request)))];
  const ruleOf = (generic: string) => own.fields[generic] ?? 'newest';
  const standing = new Set(changed.filter((generic) => shownWins(generic, ruleOf(generic), shown, wanted)));
  const kept = new Set(names.filter((name) => genericsOf(name, request).some((generic) => standing.has(generic))));
  const conflicts = changed.map((generic) => {
    const fields = unheard.filter((field) => genericsOf(field, request).includes(generic));
    return {
      name: generic,
      // In the partner's own words: what it means to the others is not asked before a write.
      shown: inFull(fields, record),
      wanted: inFull(fields, request.fields),
      rule: ruleText(generic, ruleOf(generic), shown, wanted),
      partnerWins: standing.has(generic),
    };
  });
  return { kept, untold: [...standing], ...(conflicts.length > 0 && { conflict: conflictText(conflicts) }) };
}

/** The value of one field, or each with its name, to be read by people. */
function inFull(fields: readonly string[], values: Record<string, Json>): Json {
  const [only = '', ...more] = fields;
  return more.length === 0 ? (values[only] ?? '') : fields.map((field) => `${field} ${textOf(values[field])}`).join(', ');
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}
