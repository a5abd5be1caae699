import { withoutEnd } from '../../text/hostile.js';
import { isObject } from '../evidence.js';
import { idOf } from './attributes.js';

const SLASH = /\//;

/** A subscription as a hub shows it. */
interface ShownSubscription {
  id?: string;
  callback?: string;
}

/** The subscriptions in an answer: one, a list of them, or either in a wrapper. */
function subscriptionsIn(body: unknown): ShownSubscription[] {
  const inside = isObject(body) ? [body, ...Object.values(body).flat()] : Array.isArray(body) ? body : [];
  return inside.filter(isObject).map(shownIn);
}

function shownIn(entry: Record<string, unknown>): ShownSubscription {
  return { id: textOf(entry.id) ?? hubIn(textOf(entry.href)), callback: textOf(entry.callback) };
}

/**
 * What an answer says about the subscription for `callback`: its id; that it exists, without an id; that only others are shown;
 * or nothing. A subscription without a callback is the requested one if it is the whole answer, or the only one in it.
 */
export function subscriptionFor(callback: string, body: unknown): { id: string } | 'there' | 'others' | undefined {
  const shown = subscriptionsIn(body);
  const addressed = shown.filter((one) => one.callback !== undefined);
  const ours = addressed.filter((one) => sameAddress(one.callback, callback));
  const id = ours.findLast((one) => one.id !== undefined)?.id;
  if (id !== undefined) return { id };
  if (ours.length > 0) return 'there';
  if (addressed.length > 0) return 'others';
  const itself = isObject(body) ? shownIn(body).id : undefined;
  const named = itself === undefined ? shown.flatMap((one) => one.id ?? []) : [itself];
  const [only] = named;
  return only === undefined ? undefined : named.length === 1 ? { id: only } : 'others';
}

/** Whether an answer shows the subscription with this id. */
export function shows(id: string, body: unknown): boolean {
  return subscriptionsIn(body).some((one) => one.id === id || id.endsWith(`/${one.id}`));
}

/**
 * The id in the Location of a created subscription: the last part of `…/hub/<id>`, whatever host a gateway put before it; for any
 * other path at the same origin, the whole URL.
 */
export function idFromLocation(location: string | undefined, hub: string): string | undefined {
  if (!location || !URL.canParse(location, hub)) return undefined;
  const url = new URL(location, hub);
  const id = hubIn(url.pathname);
  if (id !== undefined) return id;
  const isHub = withoutEnd(url.pathname, SLASH) === new URL(hub).pathname;
  return url.origin === new URL(hub).origin && !isHub ? url.href : undefined;
}

/** Compares URLs that a provider may have normalised. */
export function sameAddress(a: unknown, b: string): boolean {
  return typeof a === 'string' && normal(a) === normal(b);
}

function normal(address: string): string {
  return withoutEnd(URL.canParse(address) ? new URL(address).href : address, SLASH);
}

function hubIn(address: string | undefined): string | undefined {
  return address && /\/hub\/[^/]+\/?$/i.test(address.split(/[?#]/)[0] ?? '') ? idOf(address) : undefined;
}

function textOf(value: unknown): string | undefined {
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined;
}
