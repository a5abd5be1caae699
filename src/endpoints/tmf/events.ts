import { createHash } from 'node:crypto';
import { SwitchboardError } from '../../errors.js';
import type { Expected, Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import { type Layer, layersOf, withContent } from '../posted-events.js';
import { type Attributes, entries, isAttributes, isoTime, standardNames, textOf } from './attributes.js';
import { entryIds } from './entry-ids.js';
import { locateResource, mentionedResource, type ResourceNames } from './event-resource.js';

/** How long after a change its event may be created, milliseconds. */
const EVENT_DELAY = 1_000;

/** Attributes that name the type of an event. */
const TYPE_NAMES = ['eventType', '@type', '@referredType', 'type', 'event_type', 'eventName'];
const DELETE = 'Delete';
const CHANGE = 'AttributeValueChange';

/** The events of one kind of resource. */
export interface EventTable extends ResourceNames {
  /** Event kinds by the rest of the event name, without "Event" or "Notification", in lower case. */
  kinds: Record<string, string>;
}

/** The kinds that all APIs share; Creation and Remove are from the RI and the R18 profile. */
export const COMMON_KINDS: Record<string, string> = {
  create: 'Create',
  creation: 'Create',
  attributevaluechange: CHANGE,
  attributechange: CHANGE,
  change: CHANGE,
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
 * the end of the path (TMF630, CloudEvents, and observed providers). Where nothing but the resource's own type is there, or the
 * type is the vendor's own and the event has, or names, the resource, it is taken as a change of attributes. Throws SWB_PAYLOAD
 * for any other event. `example`: an example event, for the error.
 */
export function readTmfEvent(given: unknown, path: string, tables: readonly EventTable[], example: string): ParsedEvent {
  if (!isAttributes(given))
    throw new SwitchboardError('SWB_PAYLOAD', say`The body of the event is not an object.`, { hint: example });
  const body = standardNames(given);
  const layers = layersOf(body);
  const names = typesIn(layers);
  const end = path.split('/').filter(Boolean).at(-1);
  const inBody = firstKind(names, tables);
  const found = inBody ?? firstKind([end], tables) ?? resourceType([...names, end], tables);
  const { table, kind, located } = found
    ? { ...found, located: locateResource(layers, found.table, true) }
    : vendorEvent(layers, tables, example, names.find(Boolean) ?? end);
  const { resource = {}, path: at, id, isGuess } = located ?? {};
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
    deleted: isCertain(kind, isGuess),
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
  const layers = layersOf(standardNames(event));
  const found = firstKind(typesIn(layers), tables);
  return found !== undefined && isCertain(found.kind, locateResource(layers, found.table, true)?.isGuess);
}

/** Whether an event is a deletion that needs no read. A guessed id may be another's: the read of it shows what is gone. */
function isCertain(kind: string, isGuess = false): boolean {
  return kind === DELETE && !isGuess;
}

function typesIn(layers: readonly Layer[]): (string | undefined)[] {
  return layers.flatMap(({ content }) => TYPE_NAMES.map((name) => textOf(content[name])));
}

/** The table whose resource has one of the types, and nothing says what happened to it. */
function resourceType(types: readonly (string | undefined)[], tables: readonly EventTable[]) {
  const known = types.map((type) => type?.toLowerCase().replace(/(event|notification)$/, ''));
  const table = tables.find(({ type }) => known.includes(type.toLowerCase()));
  return table && { table, kind: CHANGE };
}

/** An event whose type is in no table: what it has, or names, decides. */
function vendorEvent(layers: Layer[], tables: readonly EventTable[], example: string, name: string | undefined) {
  // The last table first: an event of a cancellation also has its order.
  const last = [...tables].reverse();
  for (const locate of [locateResource, mentionedResource])
    for (const table of last) {
      const located = locate(layers, table, false);
      if (located) return { table, kind: CHANGE, located };
    }
  const reason = name
    ? say`"${name.slice(0, 80)}" is not an event of ${what(tables)}, and names none.`
    : say`The event has no type, and does not name ${what(tables)}.`;
  throw new SwitchboardError('SWB_PAYLOAD', reason, {
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
