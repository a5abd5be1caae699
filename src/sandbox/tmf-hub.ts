import { randomUUID } from 'node:crypto';
import type { Ticket, Version } from './tmf621.js';

export interface Hub {
  id: string;
  callback: string;
  query?: string;
}

const TRIES = 6;
const BACKOFF = 100;

/** Posts events to subscribers, in order for each; tries again a few times, as providers do (TMF630 leaves it open). */
export class EventSender {
  /** Post to the callback as it is, or to `/listener/<event>` below it (both conventions are met). */
  callbackStyle: 'exact' | 'listener' = 'listener';
  /** Send every event twice. */
  duplicate = false;
  /** Send every other pair of events the wrong way round. */
  reorder = false;
  /** Do not send. */
  lose = false;
  sent = 0;
  private readonly lines = new Map<string, Promise<void>>();
  private held: { hub: Hub; eventType: string; event: Ticket } | undefined;

  send(hubs: Hub[], version: Version, eventType: string, ticket: Ticket): void {
    if (this.lose) return;
    for (const hub of hubs) {
      if (!wanted(hub, eventType)) continue;
      const event = envelope(version, eventType, ticket);
      if (this.reorder && !this.held) {
        this.held = { hub, eventType, event };
        setTimeout(() => this.release(), 200);
        continue;
      }
      this.enqueue(hub, eventType, event);
      if (this.duplicate) this.enqueue(hub, eventType, event);
      if (this.reorder) this.release();
    }
  }

  private release(): void {
    const { held } = this;
    this.held = undefined;
    if (held) this.enqueue(held.hub, held.eventType, held.event);
  }

  private enqueue(hub: Hub, eventType: string, event: Ticket): void {
    const path = this.callbackStyle === 'exact' ? '' : `/listener/${eventType.charAt(0).toLowerCase()}${eventType.slice(1)}`;
    const before = this.lines.get(hub.id) ?? Promise.resolve();
    this.lines.set(
      hub.id,
      before.then(() => this.post(`${hub.callback}${path}`, JSON.stringify(event))),
    );
  }

  private async post(url: string, body: string): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
        await answer.arrayBuffer();
        if (answer.ok) {
          this.sent++;
          return;
        }
      } catch {
        // nobody there: try again
      }
      await new Promise((resolve) => setTimeout(resolve, BACKOFF * 2 ** tries));
    }
  }
}

/** `query` is a query string over the event; filtering by eventType is what is widely supported (TMF630). */
function wanted(hub: Hub, eventType: string): boolean {
  const types = new URLSearchParams(hub.query ?? '').getAll('eventType').flatMap((t) => t.split(','));
  return types.length === 0 || types.includes(eventType);
}

function envelope(version: Version, eventType: string, ticket: Ticket): Ticket {
  const common = { eventId: randomUUID(), eventTime: new Date().toISOString(), eventType };
  // v4 tells the whole ticket (and spells timeOcurred with one c), v5 what changed.
  if (version === 'v4') return { ...common, timeOcurred: common.eventTime, event: { troubleTicket: ticket } };
  const { id, href, status, lastUpdate } = ticket;
  return {
    '@type': eventType,
    '@baseType': 'Event',
    ...common,
    timeOccurred: common.eventTime,
    event: { troubleTicket: { '@type': 'TroubleTicket', id, href, status, lastUpdate } },
  };
}
