import { randomBytes, randomUUID } from 'node:crypto';
import type { PushCounts } from './exchange.js';
import { filterOf } from './tmf-query.js';
import { type TmfRecord, typed, type Version } from './tmf-record.js';

export interface Hub {
  id: string;
  callback: string;
  query?: string;
}

/**
 * How a registration is answered: according to the standard; in several forms without an id; with 409 if the callback is already
 * registered; or by something other than the hub, so that nothing is registered.
 */
export const REGISTRATION_FORMS = [
  'standard',
  'noId',
  'empty',
  'noContent',
  'location',
  'list',
  'wrapped',
  'conflict',
  'conflictWithId',
  'page',
  'errorObject',
  'gatewayNotFound',
] as const;
export type RegistrationForm = (typeof REGISTRATION_FORMS)[number];

const TRIES = 6;
const BACKOFF = 100;

/**
 * A provider's subscriptions. Posts events to each subscriber in order, with a few retries, as providers do (TMF630 does not
 * specify it).
 */
export class EventSender {
  /** Post to the callback itself, or to `/listener/<event>` below it (both conventions are in use). */
  callbackStyle: 'exact' | 'listener' = 'listener';
  /** Send every event twice. */
  duplicate = false;
  /** Swap every other pair of events. */
  reorder = false;
  /** Do not send. */
  lose = false;
  form: RegistrationForm = 'standard';
  /** `GET /hub` lists the subscriptions, which is not in the standard. */
  listed = false;
  readonly pushes: PushCounts = { started: 0, finished: 0 };
  private readonly subscriptions = new Map<string, Hub>();
  private readonly queues = new Map<string, Promise<void>>();
  private delayed: { hub: Hub; event: TmfRecord } | undefined;

  constructor(private readonly version: Version) {}

  hubs(): Hub[] {
    return [...this.subscriptions.values()];
  }

  subscribe(callback: string, query: string | undefined): Hub {
    const id = randomBytes(6).toString('hex');
    const hub = typed(this.version, 'Hub', { id, callback, ...(query && { query }) }) as TmfRecord & Hub;
    this.subscriptions.set(hub.id, hub);
    return hub;
  }

  unsubscribe(id: string): boolean {
    return this.subscriptions.delete(id);
  }

  /** Forgets the subscriptions, as a restarted provider may. */
  forget(): void {
    this.subscriptions.clear();
  }

  /** Restores the initial state. */
  clear(): void {
    this.forget();
    this.form = 'standard';
    this.listed = false;
  }

  /**
   * Sends an event to the subscribers whose query matches; `payload` is the content of `event`, `more` are attributes next to it.
   */
  send(eventType: string, payload: TmfRecord, more: TmfRecord = {}): void {
    if (this.lose) return;
    for (const hub of this.hubs()) {
      const event = { ...envelope(this.version, eventType), ...more, event: structuredClone(payload) };
      if (!filterOf(new URLSearchParams(hub.query ?? ''))(event)) continue;
      if (this.reorder && !this.delayed) {
        this.delayed = { hub, event };
        this.pushes.started++;
        setTimeout(() => this.release(), 200);
        continue;
      }
      this.enqueue(hub, event);
      if (this.duplicate) this.enqueue(hub, event);
      if (this.reorder) this.release();
    }
  }

  private release(): void {
    const { delayed } = this;
    this.delayed = undefined;
    if (!delayed) return;
    this.enqueue(delayed.hub, delayed.event);
    this.pushes.finished++;
  }

  private enqueue(hub: Hub, event: TmfRecord): void {
    const name = String(event.eventType);
    const path = this.callbackStyle === 'exact' ? '' : `/listener/${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    const before = this.queues.get(hub.id) ?? Promise.resolve();
    const push = async () => {
      await before;
      await this.post(`${hub.callback}${path}`, JSON.stringify(event));
      this.pushes.finished++;
    };
    this.pushes.started++;
    this.queues.set(hub.id, push());
  }

  private async post(url: string, body: string): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
        await answer.arrayBuffer();
        if (answer.ok) return;
      } catch {
        // no connection: retry
      }
      await new Promise((resolve) => setTimeout(resolve, BACKOFF * 2 ** tries));
    }
  }
}

/** v4 spells timeOcurred with one c. */
function envelope(version: Version, eventType: string): TmfRecord {
  const common = { eventId: randomUUID(), eventTime: new Date().toISOString(), eventType };
  return version === 'v4'
    ? { ...common, timeOcurred: common.eventTime }
    : { '@type': eventType, '@baseType': 'Event', ...common, timeOccurred: common.eventTime };
}
