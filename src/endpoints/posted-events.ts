import { hash } from 'node:crypto';
import { RECEIVED_JSON } from '../budgets.js';
import { SwitchboardError } from '../errors.js';
import { jsonIn, receivedBody } from '../http/received-body.js';
import { JsonAllowance } from '../json-shape.js';
import type { Json } from '../model/message.js';
import { say } from '../text/say.js';
import { isObject } from './evidence.js';
import type { Hint } from './raw-entity.js';

/*
 * Events as partners post them: one or several, in the envelopes of hubs, brokers and gateways. What an event is about is for its
 * system to say; where it may stand is the same for all.
 */

export type PostedEvent = { [attribute: string]: Json };

/** An object of an event: the event itself, or what one of its envelopes contains. */
export interface Layer {
  content: PostedEvent;
  /** The attributes that lead to it. */
  path: string[];
}

/** Attributes in which envelopes carry an event, a record, or a list of them, however they are capitalised. */
const WRAPPERS = [
  'event',
  'data',
  'payload',
  'message', // Amazon SNS: as text
  'body',
  'detail',
  'notification',
  'record',
  'result',
  'events',
  'notifications',
  'messages',
  'records',
  'content',
  'current', // what a record is now, beside what it was
  'entries',
  'results',
  'list',
  'json', // usual names of the part of a form that is the event
  'file',
];
const RANKS = new Map(WRAPPERS.map((name, rank) => [name, rank]));
const LONGEST_WRAPPER = Math.max(...WRAPPERS.map(({ length }) => length));
/** Envelopes in envelopes. */
const MAX_LAYERS = 8;
/** Objects and lists of an event that are looked into where its envelopes have nothing. */
const MAX_OBJECTS = 1_000;
/** Events that one request may have. */
const MAX_EVENTS = 1_000;
/** Characters of a text that is kept with each event of a list. */
const MAX_CONTEXT = 500;
/** CloudEvents, HTTP protocol binding, §3.1: in binary mode, attributes are headers with this prefix. */
const ATTRIBUTE = /^ce-([a-z0-9]+)$/;

/**
 * The events of a request. Rejects as `receivedBody` and `postedEvents`.
 * @param limit bytes
 */
export async function receivedEvents(
  { headers, body }: { headers: Record<string, string>; body: Buffer },
  limit: number,
  resources: readonly string[] = [],
): Promise<PostedEvent[]> {
  const content = await receivedBody(body, headers, limit).catch((error: unknown) => {
    // What a CloudEvent is about may be in its headers alone; then its content may be anything.
    if (attributesIn(headers) && error instanceof SwitchboardError && error.code === 'SWB_PAYLOAD') return body.toString('utf8');
    throw error;
  });
  return postedEvents(content, headers, resources);
}

/**
 * The events in the body of a request, each without the others but in its envelopes: CloudEvents in structured, binary and batch
 * mode, lists, and lists in envelopes. Content that is there as text (JSON, or base64 of it) is unpacked. Throws SWB_PAYLOAD where
 * there is none, SWB_TOO_LARGE where there are too many. Pure.
 * @param body undefined: there is none
 * @param headers in lower case
 * @param resources attributes that hold the resource of an event: a list there stands for several events
 */
export function postedEvents(body: unknown, headers: Record<string, string>, resources: readonly string[] = []): PostedEvent[] {
  const attributes = attributesIn(headers);
  const names = resources.map((name) => name.toLowerCase());
  const whole = attributes ? { ...attributes, ...(body !== undefined && { data: body }) } : body;
  const events = split(whole, 0, names, new JsonAllowance(RECEIVED_JSON));
  if (events.length === 0) {
    const reason = body === undefined ? say`The body is empty.` : say`The body contains no event.`;
    throw new SwitchboardError('SWB_PAYLOAD', reason, { hint: say`Send one JSON object.` });
  }
  requireFew(events);
  return events;
}

function requireFew(events: readonly PostedEvent[]): void {
  if (events.length > MAX_EVENTS)
    throw new SwitchboardError('SWB_TOO_LARGE', say`The request has more than ${MAX_EVENTS} events.`, {
      hint: say`Send fewer events in each request.`,
    });
}

/** The attributes of a CloudEvent in binary mode; undefined where the headers have none. */
function attributesIn(headers: Record<string, string>): PostedEvent | undefined {
  const attributes = Object.entries(headers).flatMap(([name, value]) => {
    const attribute = ATTRIBUTE.exec(name)?.[1];
    return attribute === undefined ? [] : [[attribute, decoded(value)]];
  });
  return attributes.length > 0 ? { specversion: '1.0', ...Object.fromEntries(attributes) } : undefined;
}

/** The event and what its envelopes contain, outermost first. Pure. */
export function layersOf(event: PostedEvent): Layer[] {
  const layers: Layer[] = [{ content: event, path: [] }];
  for (let at = 0; at < layers.length && layers.length < MAX_LAYERS; at++) {
    const { content, path } = layers[at] as Layer;
    for (const name of wrappersIn(content)) {
      const inner = content[name];
      if (isObject(inner)) layers.push({ content: inner as PostedEvent, path: [...path, name] });
    }
  }
  return layers;
}

/** Every object in an event, under whatever names and also in lists, outermost first; at most so many that it stays quick. Pure. */
export function objectsIn(event: PostedEvent): Layer[] {
  const nodes: { value: Json; path: string[] }[] = [{ value: event, path: [] }];
  for (let at = 0; at < nodes.length && nodes.length < MAX_OBJECTS; at++) {
    const { value, path } = nodes[at] as (typeof nodes)[number];
    for (const [name, inner] of Object.entries(value as object) as [string, Json][])
      if (typeof inner === 'object' && inner !== null) nodes.push({ value: inner, path: [...path, name] });
  }
  return nodes
    .slice(0, MAX_OBJECTS)
    .flatMap(({ value, path }) => (isObject(value) ? [{ content: value as PostedEvent, path }] : []));
}

/** The event with other content at a path. Pure. */
export function withContent(event: PostedEvent, path: readonly string[], content: PostedEvent): PostedEvent {
  return replaced(event, path, content) as PostedEvent;
}

function replaced(value: Json, [name, ...rest]: readonly string[], content: PostedEvent): Json {
  if (name === undefined) return content;
  if (Array.isArray(value)) return value.with(Number(name), replaced(value[Number(name)] as Json, rest, content));
  const event = value as PostedEvent;
  return { ...event, [name]: replaced(event[name] as Json, rest, content) };
}

/**
 * The hint of each event; one whose entity `read` does not find gets a hint without an id. A failure that is not about the event
 * (any other SwitchboardError than SWB_PAYLOAD) is thrown.
 */
export function hintsOf(events: PostedEvent[], entityType: string, read: (event: PostedEvent) => Hint): Hint[] {
  return events.map((event) => {
    try {
      return read(event);
    } catch (error) {
      if (error instanceof SwitchboardError && error.code !== 'SWB_PAYLOAD') throw error;
      return { entityType, id: '', key: `none|${hash('sha256', JSON.stringify(event), 'hex').slice(0, 32)}`, payload: event };
    }
  });
}

/** `allowance`: of all texts that are unpacked. */
function split(given: unknown, depth: number, resources: readonly string[], allowance: JsonAllowance): PostedEvent[] {
  const value = contentOf(given, allowance);
  if (Array.isArray(value)) {
    const events: PostedEvent[] = [];
    for (const one of value) {
      events.push(...split(one, depth + 1, resources, allowance));
      requireFew(events);
    }
    return events;
  }
  if (!isObject(value) || depth > MAX_LAYERS) return [];
  const event = unpacked(value as PostedEvent, allowance);
  const apart = (name: string, parts: Json[]) => {
    const around = parts.length > 1 ? contextOf(event) : event;
    return parts.map((part) => ({ ...around, [name]: part }));
  };
  for (const name of wrappersIn(event)) {
    const inner = event[name];
    if (!isObject(inner) && !(Array.isArray(inner) && inner.some((one) => isObject(contentOf(one, allowance))))) continue;
    const parts = split(inner, depth + 1, resources, allowance);
    if (parts.length > 0) return apart(name, parts);
  }
  for (const [name, list] of Object.entries(event))
    if (Array.isArray(list) && list.length > 1 && resources.includes(name.toLowerCase())) return apart(name, list);
  return [event];
}

/** The attributes of an event that may be envelopes, in the order in which they are looked into. */
function wrappersIn(event: PostedEvent): string[] {
  const names = Object.keys(event).flatMap((name) => {
    const rank = name.length <= LONGEST_WRAPPER ? RANKS.get(name.toLowerCase()) : undefined;
    return rank === undefined ? [] : [{ name, rank }];
  });
  return names.sort((a, b) => a.rank - b.rank).map(({ name }) => name);
}

/** What an envelope says of each of its events: not what is large, because it is stored with each. */
function contextOf(event: PostedEvent): PostedEvent {
  const isShort = (value: Json) => (typeof value === 'string' ? value.length <= MAX_CONTEXT : typeof value !== 'object');
  return Object.fromEntries(Object.entries(event).filter(([, value]) => isShort(value)));
}

/** An event in which content that is there as text is an object. */
function unpacked(event: PostedEvent, allowance: JsonAllowance): PostedEvent {
  const texts = wrappersIn(event).map((name) => [name, contentOf(event[name], allowance)]);
  const binary = contentOf(event.data_base64, allowance);
  return { ...event, ...(isObject(binary) && { data: binary as Json }), ...Object.fromEntries(texts) };
}

/** What a text contains, where that is an object or a list; anything else as it is. */
function contentOf(value: unknown, allowance: JsonAllowance): unknown {
  return typeof value === 'string' ? (jsonIn(value, allowance) ?? value) : value;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
