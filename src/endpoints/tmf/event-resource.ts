import type { Layer } from '../posted-events.js';
import { type Attributes, idOf, isAttributes, textOf } from './attributes.js';

/** How the events of one kind of resource name it. */
export interface ResourceNames {
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
  /** Only the type of the event says that this id is the resource's. */
  isBare?: boolean;
}

/** The attribute that holds a resource of any kind. */
const ANY = 'resource';
/** Attributes that hold the path of a resource; `subject` and `source` are those of CloudEvents. */
const PATHS = ['resourcePath', 'resourceHref', 'resourceUrl', 'href', 'url', 'link', 'resource', 'subject', 'source'];

/**
 * Finds the resource of an event. `isNamed`: the type of the event says that it is about such a resource; then an id without any
 * further mark is its id. Undefined where nothing in the event is, or names, such a resource. Pure.
 */
export function locateResource(layers: readonly Layer[], names: ResourceNames, isNamed: boolean): LocatedResource | undefined {
  const held = heldResource(layers, names);
  if (held) {
    const id = ownId(held.resource) ?? namedId(layers, names) ?? bareId(layers.slice(0, held.layer + 1));
    return { resource: held.resource, path: held.path, ...(id !== undefined && { id }) };
  }
  const named = namedId(layers, names);
  const flat = layers.findLast(({ content }) => names.marks.some((mark) => content[mark] !== undefined));
  const resource = flat && ownId(flat.content) !== undefined ? flat : undefined;
  if (named !== undefined && (!resource || ownId(resource.content) !== named)) return { resource: {}, id: named };
  if (resource) return { resource: resource.content, path: resource.path, id: ownId(resource.content) };
  const only = isNamed ? layers.at(-1) : undefined;
  if (!only) return undefined;
  const id = bareId(layers) ?? idOf(only.content.href);
  return { resource: only.content, path: only.path, ...(id !== undefined && { id, isBare: true }) };
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
function namedId(layers: readonly Layer[], { keys, ids, parts }: ResourceNames): string | undefined {
  const contents = layers.map(({ content }) => content).reverse();
  const first = (find: (content: Attributes) => string | undefined) => contents.map(find).find((id) => id !== undefined);
  const inPath = (text: unknown) => idInPath(text, keys);
  const byId = (content: Attributes) => [...keys, ...ids].map((name) => textOf(content[name])).find(Boolean);
  const byPath = (content: Attributes) => PATHS.map((name) => inPath(content[name])).find(Boolean);
  const byPart = (content: Attributes) =>
    parts
      .flatMap((name) => [content[name]].flat())
      .filter(isAttributes)
      .map((part) => heldId(part, keys) ?? byId(part) ?? inPath(part.href))
      .find(Boolean);
  // CloudEvents: the subject of an event, in the context of its source.
  const bySubject = ({ specversion, subject }: Attributes) =>
    specversion !== undefined && typeof subject === 'string' && /^[^\s/]+$/.test(subject) ? subject : undefined;
  return first(byId) ?? first(byPath) ?? first(byPart) ?? first(bySubject);
}

function heldId(part: Attributes, keys: readonly string[]): string | undefined {
  return keys.map((key) => part[key]).flatMap((held) => (isAttributes(held) ? (ownId(held) ?? []) : []))[0];
}

function ownId(resource: Attributes): string | undefined {
  return textOf(resource.id) ?? idOf(resource.href);
}

/** An id beside the resource. That of a CloudEvent, or of an envelope around other content, is its own. */
function bareId(layers: readonly Layer[]): string | undefined {
  const { content } = layers.at(-1) ?? {};
  return content?.specversion === undefined ? textOf(content?.id) : undefined;
}

/** The id in a path such as `/v4/troubleTicket/TT-7/note/1`. */
function idInPath(text: unknown, keys: readonly string[]): string | undefined {
  if (typeof text !== 'string') return undefined;
  const segments = text.split(/[?#]/)[0]?.split('/') ?? [];
  // An API may have the name of its resource, and a version behind it: `/tmf-api/troubleTicket/v4`.
  const isId = (segment: string | undefined) => segment !== undefined && segment !== '' && !/^v\d+$/.test(segment);
  const at = segments.findLastIndex((segment, n) => keys.includes(segment) && isId(segments[n + 1]));
  return at < 0 ? undefined : idOf(segments[at + 1]);
}

/** A list of one entry stands for the entry. */
function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}
