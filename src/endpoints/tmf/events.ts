import { createHash } from 'node:crypto';
import { SwitchboardError } from '../../errors.js';
import type { Expected } from '../../model/message.js';
import { type Attributes, entries, idOf, isAttributes, isoTime, textOf } from './attributes.js';
import { entryIds } from './entry-ids.js';

/** How long after a change its event is thought to be made, milliseconds. */
const EVENT_DELAY = 1_000;

/** The events of one kind of resource. */
export interface EventTable {
  /** As names of events begin: TroubleTicket. */
  type: string;
  /** Where the resource stands in the event, in the spellings met in the field. */
  keys: string[];
  /** What the names of its events mean, without their beginning and «Event» or «Notification», in small letters. */
  kinds: Record<string, string>;
}

/** What all APIs call alike; RI and R18 profile: Creation, Remove. */
export const COMMON_KINDS: Record<string, string> = {
  create: 'Create',
  creation: 'Create',
  attributevaluechange: 'AttributeValueChange',
  attributechange: 'AttributeValueChange',
  change: 'AttributeValueChange',
  delete: 'Delete',
  remove: 'Delete',
  informationrequired: 'InformationRequired',
};

export interface ParsedEvent {
  /** The table's type: what kind of resource it is about. */
  type: string;
  /** As the standard names it: TroubleTicketStatusChangeEvent. */
  eventType: string;
  deleted: boolean;
  eventId?: string;
  /** The same whenever the event is repeated. */
  key: string;
  /** The resource as the event tells it: whole, partial or a mere reference. */
  resource: Attributes;
  /** When it was changed, where the event says it: what is read must not be older. */
  expects?: Expected;
  /** Its id, where the event says it. */
  id?: string;
  body: Attributes;
  /** The body with another resource in its place, and its type where only the path told it. */
  withResource(resource: Attributes): Attributes;
}

/**
 * Reads a hub event by the tables of an API. The type stands in eventType, else in @type, else at the end of the path (TMF630; facts of
 * known peers). Throws SWB_PAYLOAD when it is none of them. `example` is what an event looks like, for people.
 */
export function readTmfEvent(body: unknown, path: string, tables: readonly EventTable[], example: string): ParsedEvent {
  if (!isAttributes(body)) throw new SwitchboardError('SWB_PAYLOAD', 'The event’s body is no object.', { hint: example });
  const names = [body.eventType, body['@type'], path.split('/').filter(Boolean).at(-1)];
  const kinds = names.map((name) => kindOf(name, tables));
  const found = kinds.find((k) => k !== undefined);
  const told = kinds[0] ?? kinds[1];
  if (!found) {
    throw new SwitchboardError(
      'SWB_PAYLOAD',
      `«${names.find((n) => typeof n === 'string') ?? ''}» is no event of ${what(tables)}.`,
      {
        field: 'eventType',
        hint: `Subscribe with eventType=${example.match(/\w+Event\b/)?.[0] ?? ''} and the like.`,
      },
    );
  }
  const { table, kind } = found;
  const event = isAttributes(body.event) ? body.event : body;
  const name = [...table.keys, 'resource'].find((n) => isAttributes(event[n]));
  const resource = (name ? event[name] : event) as Attributes;
  const id = resource.id ?? idOf(resource.href) ?? body.id;
  const eventId = typeof body.eventId === 'string' && body.eventId !== '' ? body.eventId : undefined;
  const version = isoTime(resource.lastUpdate);
  const time = shortlyBefore(isoTime(body.eventTime));
  const shown = (entry: Attributes) => textOf(entry.id) !== undefined || textOf(entry.text) !== undefined;
  const parts = [resource.note, resource.attachment].flatMap((list) =>
    [...entryIds(entries(list))].flatMap(([entry, part]) => (shown(entry) ? part : [])),
  );
  const field = ['status', 'state'].find((attribute) => textOf(resource[attribute]) !== undefined);
  const expects: Expected = {
    ...(version ? { version } : time && { time }),
    ...(parts.length > 0 && { parts }),
    ...(field && { state: { field, value: textOf(resource[field]) ?? '' } }),
  };
  const eventType = `${table.type}${kind}Event`;
  return {
    type: table.type,
    eventType,
    deleted: kind === 'Delete',
    ...(eventId && { eventId }),
    // Ids of events are used again, after a restart or by several servers: what it says is what makes it the same one.
    key: `evt|${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 32)}`,
    resource,
    ...(Object.keys(expects).length > 0 && { expects }),
    ...((typeof id === 'string' || typeof id === 'number') && { id: String(id) }),
    body,
    withResource: (other) => {
      const light = name ? { ...event, [name]: other } : other;
      return { ...(event === body ? light : { ...body, event: light }), ...(!told && { eventType }) };
    },
  };
}

/** An event comes a little after the change it tells of; one of a creation may be all there is to compare with. */
function shortlyBefore(time: string | undefined): string | undefined {
  return time && new Date(Date.parse(time) - EVENT_DELAY).toISOString();
}

function kindOf(name: unknown, tables: readonly EventTable[]): { table: EventTable; kind: string } | undefined {
  if (typeof name !== 'string') return undefined;
  for (const table of tables) {
    const rest = new RegExp(`^${table.type}(.*?)(event|notification)?$`, 'i').exec(name)?.[1];
    const kind = rest === undefined ? undefined : table.kinds[rest.toLowerCase()];
    if (kind) return { table, kind };
  }
  return undefined;
}

function what(tables: readonly EventTable[]): string {
  const words = (tables[0]?.type ?? '').replace(/(?<=.)([A-Z])/g, ' $1').toLowerCase();
  return `a ${words}`;
}
