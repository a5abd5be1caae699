import { createHash } from 'node:crypto';
import { SwitchboardError } from '../../errors.js';
import type { Expected } from '../../model/message.js';
import { say } from '../../text/say.js';
import { type Attributes, entries, idOf, isAttributes, isoTime, textOf } from './attributes.js';
import { entryIds } from './entry-ids.js';

/** How long after a change its event may be created, milliseconds. */
const EVENT_DELAY = 1_000;

/** The events of one kind of resource. */
export interface EventTable {
  /** The beginning of its event names, e.g. TroubleTicket. */
  type: string;
  /** Attributes that hold the resource in an event, in the spellings found in practice. */
  keys: string[];
  /** Event kinds by the rest of the event name, without "Event" or "Notification", in lower case. */
  kinds: Record<string, string>;
}

/** The kinds that all APIs share; Creation and Remove are from the RI and the R18 profile. */
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
  /** The table's type: the kind of resource that it is about. */
  type: string;
  /** As the standard names it, e.g. TroubleTicketStatusChangeEvent. */
  eventType: string;
  deleted: boolean;
  eventId?: string;
  /** The same for every repeat of the event. */
  key: string;
  /** The resource in the event: whole, partial or only a reference. */
  resource: Attributes;
  /** The time of the change, where the event has it: a read must not be older. */
  expects?: Expected;
  /** Id of the resource, where the event has it. */
  id?: string;
  body: Attributes;
  /** The body with another resource in its place, and with its type where only the path had it. */
  withResource(resource: Attributes): Attributes;
}

/**
 * Reads a hub event by the event tables of an API. The type is in eventType, else in @type, else at the end of the path (TMF630,
 * and observed providers). Throws SWB_PAYLOAD for any other event. `example`: an example event, for the error.
 */
export function readTmfEvent(body: unknown, path: string, tables: readonly EventTable[], example: string): ParsedEvent {
  if (!isAttributes(body))
    throw new SwitchboardError('SWB_PAYLOAD', say`The body of the event is not an object.`, { hint: example });
  const names = [body.eventType, body['@type'], path.split('/').filter(Boolean).at(-1)];
  const kinds = names.map((name) => kindOf(name, tables));
  const found = kinds.find((k) => k !== undefined);
  const hasType = kinds[0] ?? kinds[1];
  if (!found) {
    throw new SwitchboardError(
      'SWB_PAYLOAD',
      say`"${names.find((n) => typeof n === 'string') ?? ''}" is not an event of ${what(tables)}.`,
      {
        field: 'eventType',
        hint: say`Subscribe to events such as eventType=${example.match(/\w+Event\b/)?.[0] ?? ''}.`,
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
    // Event ids are reused after a restart or by several servers, so the content identifies the event.
    key: `evt|${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 32)}`,
    resource,
    ...(Object.keys(expects).length > 0 && { expects }),
    ...((typeof id === 'string' || typeof id === 'number') && { id: String(id) }),
    body,
    withResource: (other) => {
      const light = name ? { ...event, [name]: other } : other;
      return { ...(event === body ? light : { ...body, event: light }), ...(!hasType && { eventType }) };
    },
  };
}

/** An event is created shortly after its change; the event of a creation may be the only time to compare with. */
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
  return tables[0]?.type === 'ProductOrder' ? say`a product order` : say`a trouble ticket`;
}
