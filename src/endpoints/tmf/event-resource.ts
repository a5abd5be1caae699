import type { Json } from '../../model/message.js';
import { type Layer, objectsIn } from '../posted-events.js';
import { type Attributes, idOf, isAttributes, textOf } from './attributes.js';

/** How the events of one kind of resource name it. */
export interface ResourceNames {
  /** Its type, e.g. TroubleTicket: in references to it, and at the beginning of the names of its events. */
  type: string;
  /** Attributes that hold the resource in an event, in the spellings found in practice; the first is also its name in paths. */
  keys: string[];
  /** Attributes that hold its id, beside or instead of the resource. */
  ids: string[];
  /** Attributes that hold a part of the resource, such as an order item, which refers to it. */
  parts: string[];
  /** Attributes by which a resource without any envelope is recognised. */
  marks: string[];
}

/** The resource of an event: whole, partial or only a reference. */
export interface LocatedResource {
  resource: Attributes;
  /** The path to it in the event; absent where the event only names it. */
  path?: string[];
  id?: string;
  /** Nothing but the type of the event, or a mention somewhere in it, says that this id is the resource's. */
  isGuess?: boolean;
}

/** The attribute that holds a resource of any kind. */
const ANY = 'resource';
/** Attributes that hold the path of a resource; `subject` and `source` are those of CloudEvents. */
const PATHS = ['resourcePath', 'resourceHref', 'resourceUrl', 'href', 'url', 'link', 'resource', 'subject', 'source'];

/** Attributes that say what an object is, or refers to. */
const TYPES = ['@referredType', '@type', 'referredType', 'entityType', 'type'];
/** Longer texts are no paths. */
const MAX_PATH = 1_000;

/**
 * Finds the resource of an event in its envelopes. `isNamed`: the type of the event says that it is about such a resource; then it
 * is also looked for in the rest of the event, and an id without any further mark is its id. Undefined where nothing in the event
 * is, or names, such a resource. Pure.
 */
export function locateResource(layers: readonly Layer[], names: ResourceNames, isNamed: boolean): LocatedResource | undefined {
  const held = heldResource(layers, names);
  if (held) {
    const id = ownId(held.resource, names) ?? namedId(layers, names) ?? bareId(layers.slice(0, held.layer + 1));
    return { resource: held.resource, path: held.path, ...(id !== undefined && { id }) };
  }
  const named = namedId(layers, names);
  const flat = layers.findLast(({ content }) => names.marks.some((mark) => content[mark] !== undefined));
  const resource = flat && ownId(flat.content, names) !== undefined ? flat : undefined;
  if (named !== undefined && (!resource || ownId(resource.content, names) !== named)) return { resource: {}, id: named };
  if (resource) return { resource: resource.content, path: resource.path, id: ownId(resource.content, names) };
  const only = isNamed ? layers.at(-1) : undefined;
  if (!only) return undefined;
  const id = bareId(layers) ?? idAtEnd(only.content.href, names.keys);
  const bare = { resource: only.content, path: only.path, ...(id !== undefined && { id, isGuess: true }) };
  // An id without a mark may be that of the event, so a mention of the resource counts more.
  return id !== undefined && isOfType(only.content, names) ? bare : (mentionedResource(layers, names) ?? bare);
}

/**
 * The resource that an event holds, refers to or names anywhere, under whatever names. Undefined where there is none, or several:
 * then a person has to look at the event. Pure.
 */
export function mentionedResource([event]: readonly Layer[], names: ResourceNames): LocatedResource | undefined {
  const objects = event ? objectsIn(event.content) : [];
  for (const find of [heldIn, typedIn, namedIn, addressedIn]) {
    const [first, ...others] = objects.flatMap((object) => find(object, names) ?? []);
    if (first) return others.every(({ id }) => id === first.id) ? { ...first, isGuess: true } : undefined;
  }
  return undefined;
}

function heldIn(object: Layer, names: ResourceNames): LocatedResource | undefined {
  const held = heldResource([object], names);
  const id = held && ownId(held.resource, names);
  return held && id !== undefined ? { resource: held.resource, path: held.path, id } : undefined;
}

function typedIn({ content, path }: Layer, names: ResourceNames): LocatedResource | undefined {
  const id = isOfType(content, names) ? ownId(content, names) : undefined;
  return id === undefined ? undefined : { resource: content, path, id };
}

function namedIn(object: Layer, names: ResourceNames): LocatedResource | undefined {
  const id = namedId([object], names);
  return id === undefined ? undefined : { resource: {}, id };
}

/** By the path or URL of the resource; names with an `@` hold those of schemas. */
function addressedIn({ content }: Layer, { keys }: ResourceNames): LocatedResource | undefined {
  const values = Object.entries(content).filter(([name]) => !name.startsWith('@'));
  const id = values.map(([, value]) => idInPath(value, keys)).find(Boolean);
  return id === undefined ? undefined : { resource: {}, id };
}

/** The id of a resource that is given whole, as a reference, or by its id or path. */
export function idOfResource(value: Json | undefined, names: ResourceNames): string | undefined {
  return isAttributes(value) ? ownId(value, names) : idIn(value, names.keys);
}

/** All names of the resources of an API, where an event holds one or a list of them. */
export function namesOfResources(tables: readonly ResourceNames[]): string[] {
  return [...tables.flatMap(({ keys }) => keys), ANY];
}

/** The resource under one of its names, in the outermost envelope that has it. */
function heldResource(
  layers: readonly Layer[],
  { keys }: ResourceNames,
): { resource: Attributes; path: string[]; layer: number } | undefined {
  for (const [layer, { content, path }] of layers.entries()) {
    for (const key of [...keys, ANY]) {
      const resource = single(content[key]);
      if (isAttributes(resource)) return { resource, path: [...path, key], layer };
    }
  }
  return undefined;
}

/** The id that the event gives beside the resource: by a name of its own, in a path, or by a part of the resource. */
function namedId(layers: readonly Layer[], names: ResourceNames): string | undefined {
  const { keys, ids, parts } = names;
  const contents = layers.map(({ content }) => content).reverse();
  const first = (find: (content: Attributes) => string | undefined) => contents.map(find).find((id) => id !== undefined);
  const inPath = (text: unknown) => idInPath(text, keys);
  const byId = (content: Attributes) => [...keys, ...ids].map((name) => idOfResource(single(content[name]), names)).find(Boolean);
  const byPath = (content: Attributes) => PATHS.map((name) => inPath(content[name])).find(Boolean);
  const byPart = (content: Attributes) =>
    parts
      .flatMap((name) => [content[name]].flat())
      .filter(isAttributes)
      .map((part) => byId(part) ?? inPath(part.href))
      .find(Boolean);
  // CloudEvents: the subject of an event, in the context of its source.
  const bySubject = ({ specversion, subject }: Attributes) =>
    specversion !== undefined && typeof subject === 'string' && /^[^\s/]+$/.test(subject) ? subject : undefined;
  return first(byId) ?? first(byPath) ?? first(byPart) ?? first(bySubject);
}

function ownId({ id, href }: Attributes, { keys }: ResourceNames): string | undefined {
  return idIn(id, keys) ?? idAtEnd(href, keys);
}

/** Whether an object says that it is, or refers to, such a resource (TMF630, EntityRef). */
function isOfType(content: Attributes, { type }: ResourceNames): boolean {
  const types = TYPES.map((name) => textOf(content[name])?.replace(/Ref(OrValue)?$/, ''));
  return types.some((one) => one?.toLowerCase() === type.toLowerCase());
}

/** An id, which may be given as the path or URL of the resource. */
function idIn(value: Json | undefined, keys: readonly string[]): string | undefined {
  const text = textOf(value);
  const isPath = text !== undefined && /^(\/|https?:)/i.test(text);
  return idInPath(text, keys) ?? (isPath ? idAtEnd(text, keys) : text);
}

/** The id at the end of the path or URL of a resource; undefined where that is the path of all. */
function idAtEnd(path: Json | undefined, keys: readonly string[]): string | undefined {
  const last = idOf(path);
  return idInPath(path, keys) ?? (last === undefined || isAnyOf(keys, last) ? undefined : last);
}

function isAnyOf(keys: readonly string[], segment: string): boolean {
  return keys.some((key) => key.toLowerCase() === segment.toLowerCase());
}

/** An id beside the resource. That of a CloudEvent, or of an envelope around other content, is its own. */
function bareId(layers: readonly Layer[]): string | undefined {
  const { content } = layers.at(-1) ?? {};
  return content?.specversion === undefined ? textOf(content?.id) : undefined;
}

/** The id in a path such as `/v4/troubleTicket/TT-7/note/1`. */
function idInPath(text: unknown, keys: readonly string[]): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_PATH) return undefined;
  const segments = text.split(/[?#]/)[0]?.split('/') ?? [];
  // An API may have the name of its resource, and a version behind it: `/tmf-api/troubleTicket/v4`.
  const isId = (segment: string | undefined) => segment !== undefined && segment !== '' && !/^v\d[\d.]*$/.test(segment);
  const at = segments.findLastIndex((segment, n) => isAnyOf(keys, segment) && isId(segments[n + 1]));
  return at < 0 ? undefined : idOf(segments[at + 1]);
}

/** A list of one entry stands for the entry. */
function single(value: Json | undefined): Json | undefined {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}
