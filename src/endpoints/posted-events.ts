import { hash } from 'node:crypto';
import { SwitchboardError } from '../errors.js';
import { jsonIn } from '../http/received-body.js';
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

/** Attributes in which envelopes carry an event, a record, or a list of them. */
const WRAPPERS = [
  'event',
  'data',
  'payload',
  'message',
  'Message', // Amazon SNS: as text
  'body',
  'detail',
  'notification',
  'record',
  'result',
  'events',
  'notifications',
  'messages',
  'records',
];
/** Envelopes in envelopes. */
const MAX_LAYERS = 8;
/** Events that one request may have. */
const MAX_EVENTS = 1_000;
/** Characters of a text that is kept with each event of a list. */
const MAX_CONTEXT = 500;
/** CloudEvents, HTTP protocol binding, §3.1: in binary mode, attributes are headers with this prefix. */
const ATTRIBUTE = /^ce-([a-z0-9]+)$/;

/**
 * The events in the body of a request, each without the others but in its envelopes: CloudEvents in structured, binary and batch
 * mode, lists, and lists in envelopes. Content that is there as text (JSON, or base64 of it) is unpacked. Throws SWB_PAYLOAD where
 * there is none, SWB_TOO_LARGE where there are too many. Pure.
 * @param headers in lower case
 */
export function postedEvents(body: unknown, headers: Record<string, string>): PostedEvent[] {
  const attributes = Object.entries(headers).flatMap(([name, value]) => {
    const attribute = ATTRIBUTE.exec(name)?.[1];
    return attribute === undefined ? [] : [[attribute, decoded(value)]];
  });
  const events = split(attributes.length > 0 ? { ...Object.fromEntries(attributes), data: body } : body, 0);
  if (events.length === 0)
    throw new SwitchboardError('SWB_PAYLOAD', say`The body contains no event.`, { hint: say`Send one JSON object.` });
  if (events.length <= MAX_EVENTS) return events;
  throw new SwitchboardError('SWB_TOO_LARGE', say`The request has more than ${MAX_EVENTS} events.`, {
    hint: say`Send fewer events in each request.`,
  });
}

/** The event and what its envelopes contain, outermost first. Pure. */
export function layersOf(event: PostedEvent): Layer[] {
  const layers: Layer[] = [{ content: event, path: [] }];
  for (let at = 0; at < layers.length && layers.length < MAX_LAYERS; at++) {
    const { content, path } = layers[at] as Layer;
    for (const name of WRAPPERS) {
      const inner = content[name];
      if (isObject(inner)) layers.push({ content: inner as PostedEvent, path: [...path, name] });
    }
  }
  return layers;
}

/** The event with other content at a path. Pure. */
export function withContent(event: PostedEvent, [name, ...rest]: readonly string[], content: PostedEvent): PostedEvent {
  if (name === undefined) return content;
  return { ...event, [name]: withContent(event[name] as PostedEvent, rest, content) };
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

function split(value: unknown, depth: number): PostedEvent[] {
  if (Array.isArray(value)) return value.flatMap((one) => split(one, depth + 1));
  if (!isObject(value) || depth > MAX_LAYERS) return [];
  const event = unpacked(value as PostedEvent);
  for (const name of WRAPPERS) {
    const inner = event[name];
    if (!isObject(inner) && !(Array.isArray(inner) && inner.some(isObject))) continue;
    const parts = split(inner, depth + 1);
    const around = parts.length > 1 ? contextOf(event) : event;
    if (parts.length > 0) return parts.map((part) => ({ ...around, [name]: part }));
  }
  return [event];
}

/** What an envelope says of each of its events: not what is large, because it is stored with each. */
function contextOf(event: PostedEvent): PostedEvent {
  const isShort = (value: Json) => (typeof value === 'string' ? value.length <= MAX_CONTEXT : typeof value !== 'object');
  return Object.fromEntries(Object.entries(event).filter(([, value]) => isShort(value)));
}

/** Content that is there as text, as an object. */
function unpacked(event: PostedEvent): PostedEvent {
  const { data_base64: encoded } = event;
  const binary = typeof encoded === 'string' ? jsonIn(Buffer.from(encoded, 'base64').toString('utf8')) : undefined;
  const texts = WRAPPERS.flatMap((name) => {
    const value = event[name];
    const content = typeof value === 'string' ? jsonIn(value) : undefined;
    return content ? [[name, content]] : [];
  });
  return { ...event, ...(binary && { data: binary as Json }), ...Object.fromEntries(texts) };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
