import { sameChoice } from '../../model/choice.js';
import type { Json } from '../../model/message.js';
import { percentDecoded } from '../../text/percent.js';
import { isObject } from '../evidence.js';

/** A resource, or a part of one, as a provider returns it. */
export type Attributes = { [attribute: string]: Json };

/** An attribute as text; undefined where it is empty or something else. */
export function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
}

/**
 * With the names of its attributes as the standard has them: serialisers of some languages capitalise all (`TroubleTicket`, `ID`).
 * A name that is there in its own notation too keeps its value.
 */
export function standardNames(attributes: Attributes): Attributes {
  const standard = (value: Json): Json =>
    Array.isArray(value) ? value.map(standard) : isAttributes(value) ? standardNames(value) : value;
  const isOwn = (name: string) => Number(standardName(name) === name);
  const names = Object.keys(attributes).sort((a, b) => isOwn(a) - isOwn(b));
  return Object.fromEntries(names.map((name) => [standardName(name), standard(attributes[name] as Json)]));
}

function standardName(name: string): string {
  if (!/^[A-Z]/.test(name)) return name;
  return /[a-z]/.test(name) ? name.charAt(0).toLowerCase() + name.slice(1) : name.toLowerCase();
}

/** The objects of a list attribute. */
export function entries(value: Json | undefined): Attributes[] {
  return Array.isArray(value) ? value.filter(isAttributes) : [];
}

export function isAttributes(value: unknown): value is Attributes {
  return isObject(value);
}

/** ISO 8601 UTC; times without a zone are taken as UTC (ServiceNow gives `2022-05-16 23:38:55`). */
export function isoTime(value: Json | undefined): string | undefined {
  const given = textOf(value);
  if (!given) return undefined;
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(given) ? given : `${given.replace(' ', 'T')}Z`;
  const time = Date.parse(zoned);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** URL of a resource, also where the provider gives only its path. */
export function addressOf(href: Json | undefined, baseUrl: string): string | undefined {
  const given = textOf(href);
  return given && URL.canParse(given, `${baseUrl}/`) ? new URL(given, `${baseUrl}/`).href : undefined;
}

/** The id at the end of a URL. */
export function idOf(href: unknown): string | undefined {
  const last = typeof href === 'string' ? href.split(/[?#]/)[0]?.split('/').filter(Boolean).at(-1) : undefined;
  return last && percentDecoded(last);
}

/** The attributes that may be written. Drops those that a version does not accept, and null, which could delete by accident. */
export function writable(attributes: Attributes, not: ReadonlySet<string>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([name, value]) => !not.has(name) && value !== undefined && value !== null),
  );
}

/** The sent attributes that the provider did not keep. */
export function droppedFrom(sent: Attributes, has: Attributes): { field: string; sent: Json; has: Json | undefined }[] {
  return Object.entries(sent)
    .filter(([name, value]) => !kept(value, has[name]))
    .map(([field, value]) => ({ field, sent: value, has: has[field] }));
}

/**
 * Whether the provider kept what was sent. Ignores how a choice is written, the label behind one ("2 - High" for "2") and the notation of
 * times.
 */
function kept(sent: Json, has: Json | undefined): boolean {
  if (typeof sent === 'object' && sent !== null) return true; // providers enrich objects and lists
  const [a, b] = [String(sent), String(has ?? '')];
  if (sameChoice(a, b) || b.startsWith(`${a} - `)) return true;
  const [left, right] = [isoTime(a), isoTime(b)];
  return left !== undefined && left === right;
}
