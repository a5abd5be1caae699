import { conflictText } from '../conversation/conflict.js';
import { type EntityRequest, originOfValue } from '../conversation/entity-request.js';
import { showsSentValue } from '../conversation/field-changes.js';
import { sameFingerprint } from '../conversation/fingerprint.js';
import { type ChangeOrigin, changeOrigin, type PartyRules, ruleText, shownWins } from '../conversation/ownership.js';
import type { EndpointClient, ParsedEntity } from '../endpoints/endpoint.js';
import type { Json } from '../model/message.js';
import type { Link } from '../store/store.js';
import { isItemList } from './item-changes.js';
import { genericSources } from './outbox.js';

/** Result of the check right before a write. */
export interface PreWriteCheck {
  /**
   * Fields that are not written: the partner has changed them, and its value wins. A later message from the partner passes it on.
   */
  kept: ReadonlySet<string>;
  /** The generic fields of these, still to be sent to the other parties. */
  unsent: string[];
  /** Text about the fields that both sides changed. */
  conflict?: string;
}

/** Fields that the partner may have changed unnoticed: those with a last known value, except item lists and manual edits. */
export function fieldsToCheck(names: readonly string[], request: EntityRequest, link: Link): string[] {
  if (!request.said || link.made === 'sent') return [];
  return names.filter(
    (name) =>
      name in link.raw &&
      !isItemList(request, name) &&
      !request.edited?.includes(name) &&
      genericSources(name, request).length > 0,
  );
}

/** Decides whose value wins in fields to be written where the partner shows another value than the last known one. Pure. */
export function checkBeforeWrite(
  names: readonly string[],
  request: EntityRequest,
  link: Link,
  { record, source }: ParsedEntity,
  client: EndpointClient,
  rules: (endpoint: string) => PartyRules,
): PreWriteCheck {
  if (!request.said) return { kept: new Set(), unsent: [] };
  const own = rules(client.id);
  // If we made the last change, for example a comment, it is not known when the partner changed the field.
  const isOurs = client.integrationUser !== undefined && source.changedBy === client.integrationUser;
  const shown = changeOrigin(own.side, isOurs ? undefined : source.changedAt, client.clockAhead);
  const wantedBy = (generic: string): ChangeOrigin => {
    const { endpoint = '', at } = originOfValue(generic, request) ?? {};
    return { side: rules(endpoint).side, at };
  };
  const unnoticed = names.filter(
    (name) =>
      name in record && !sameFingerprint(link.raw[name], record[name]) && !showsSentValue(record[name], request.fields[name]),
  );
  const changed = [...new Set(unnoticed.flatMap((name) => genericSources(name, request)))];
  const ruleOf = (generic: string) => own.fields[generic] ?? 'newest';
  const winning = new Set(changed.filter((generic) => shownWins(generic, ruleOf(generic), shown, wantedBy(generic))));
  const kept = new Set(names.filter((name) => genericSources(name, request).some((generic) => winning.has(generic))));
  const conflicts = changed.map((generic) => {
    const fields = unnoticed.filter((field) => genericSources(field, request).includes(generic));
    return {
      name: generic,
      // Values in the partner's own terms: mapping them to generic ones is not worth it before a write.
      shown: fieldText(fields, record),
      wanted: fieldText(fields, request.fields),
      rule: ruleText(generic, ruleOf(generic), shown, wantedBy(generic)),
      partnerWins: winning.has(generic),
    };
  });
  return { kept, unsent: [...winning], ...(conflicts.length > 0 && { conflict: conflictText(conflicts) }) };
}

/** The value of one field, or of several with their names; for people. */
function fieldText(fields: readonly string[], values: Record<string, Json>): Json {
  const [only = '', ...more] = fields;
  return more.length === 0 ? (values[only] ?? '') : fields.map((field) => `${field} ${textOf(values[field])}`).join(', ');
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}
