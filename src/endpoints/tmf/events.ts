import { createHash } from 'node:crypto';
import { SwitchboardError } from '../../errors.js';
import type { Expected, Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import { type Layer, layersOf, withContent } from '../posted-events.js';
import { type Attributes, entries, isAttributes, isoTime, textOf } from './attributes.js';
import { entryIds } from './entry-ids.js';
import { locateResource, type ResourceNames } from './event-resource.js';

/** How long after a change its event may be created, milliseconds. */
const EVENT_DELAY = 1_000;

/** Attributes that name the type of an event. */
const TYPE_NAMES = ['eventType', '@type', 'type', 'event_type', 'eventName'];
const DELETE = 'Delete';

/** The events of one kind of resource. */
export interface EventTable extends ResourceNames {
  /** The beginning of its event names, e.g. TroubleTicket. */
  type: string;
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
  delete: DELETE,
  remove: DELETE,
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
  /** The event and what its envelopes contain, outermost first. */
  layers: Attributes[];
  /** The body with another resource in its place, and with its type where only the path had it. */
  withResource(resource: Attributes): Attributes;
}

/**
 * Reads a hub event by the event tables of an API. The type is in eventType, @type or type of the event or of an envelope, else at
 * the end of the path (TMF630, CloudEvents, and observed providers). An event of a type of the vendor's own is one if it has, or
 * names, the resource; it is taken as a change of attributes. Throws SWB_PAYLOAD for any other event. `example`: an example event,
 * for the error.
 */
export function readTmfEvent(body: unknown, path: string, tables: readonly EventTable[], example: string): ParsedEvent {
  if (!isAttributes(body))
    throw new SwitchboardError('SWB_PAYLOAD', say`The body of the event is not an object.`, { hint: example });
  const layers = layersOf(body);
  const names = layers.flatMap(({ content }) => TYPE_NAMES.map((name) => textOf(content[name])));
  const inBody = firstKind(names, tables);
  const found = inBody ?? firstKind([path.split('/').filter(Boolean).at(-1)], tables);
  const { table, kind, located } = found
    ? { ...found, located: locateResource(layers, found.table, true) }
    : vendorEvent(layers, tables, example, names.find(Boolean) ?? path);
  const { resource = {}, path: at, id } = located ?? {};
  const eventId = textAt(layers, 'eventId');
  const version = isoTime(resource.lastUpdate);
  const time = shortlyBefore(isoTime(textAt(layers, 'eventTime')));
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
    deleted: kind === DELETE,
    ...(eventId && { eventId }),
    // Event ids are reused after a restart or by several servers, so the content identifies the event.
    key: `evt|${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 32)}`,
    resource,
    ...(Object.keys(expects).length > 0 && { expects }),
    ...(id !== undefined && { id }),
    layers: layers.map(({ content }) => content),
    withResource: (other) => ({ ...(at ? withContent(body, at, other) : body), ...(found && !inBody && { eventType }) }),
  };
}

/** Whether an event reports that the resource was deleted. */
export function isDeletion(event: Json, tables: readonly EventTable[]): boolean {
  if (!isAttributes(event)) return false;
  const names = layersOf(event).flatMap(({ content }) => TYPE_NAMES.map((name) => textOf(content[name])));
  return firstKind(names, tables)?.kind === DELETE;
}

/** An event whose type is in no table: what it has, or names, decides. */
function vendorEvent(layers: Layer[], tables: readonly EventTable[], example: string, name: string) {
  // The last table first: an event of a cancellation also has its order.
  for (const table of [...tables].reverse()) {
    const located = locateResource(layers, table, false);
    if (located) return { table, kind: 'AttributeValueChange', located };
  }
  throw new SwitchboardError('SWB_PAYLOAD', say`"${name.slice(0, 80)}" is not an event of ${what(tables)}, and names none.`, {
    field: 'eventType',
    hint: say`Subscribe to events such as eventType=${example.match(/\w+Event\b/)?.[0] ?? ''}.`,
  });
}

function textAt(layers: readonly Layer[], name: string): string | undefined {
  return layers.map(({ content }) => textOf(content[name])).find(Boolean);
}

/** An event is created shortly after its change; the event of a creation may be the only time to compare with. */
function shortlyBefore(time: string | undefined): string | undefined {
  return time && new Date(Date.parse(time) - EVENT_DELAY).toISOString();
}

/** The kind of the first name that a table knows. */
function firstKind(names: readonly (string | undefined)[], tables: readonly EventTable[]) {
  return names.map((name) => kindOf(name, tables)).find((kind) => kind !== undefined);
}

/** Vendors put a domain before the name, and a version behind it: `org.tmforum.TroubleTicketCreateEvent.v1`. */
function kindOf(name: string | undefined, tables: readonly EventTable[]): { table: EventTable; kind: string } | undefined {
  for (const part of name?.split(/[.:/]/) ?? []) {
    for (const table of tables) {
      const rest = new RegExp(`^${table.type}(.*?)(event|notification)?$`, 'i').exec(part)?.[1];
      const kind = rest === undefined ? undefined : table.kinds[rest.toLowerCase()];
      if (kind) return { table, kind };
    }
  }
  return undefined;
}

function what(tables: readonly EventTable[]): string {
  return tables[0]?.type === 'ProductOrder' ? say`a product order` : say`a trouble ticket`;
}
