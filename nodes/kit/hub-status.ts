import type { HubState } from '../../src/delivery/hub-subscription.js';
import type { IntakeHub } from '../../src/delivery/intake-reports.js';
import { say } from '../../src/text/say.js';
import { clockTime } from './clock-time.js';

/** The node status of a hub registration: since when, the time of the last event, and when the provider last confirmed it. */
export function hubStatus({ certain, since, lastEvent, checked }: HubState, now: number): string {
  const registered = since ? say`registered since ${clockTime(since, now)}` : say`registered`;
  return [
    certain ? registered : say`registration unconfirmed, polling`,
    lastEvent && say`last event ${clockTime(lastEvent, now)}`,
    certain && checked && say`checked ${clockTime(checked, now)}`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** The registration as health checks report it. */
export function hubReport({ certain, since, lastEvent, checked }: HubState): IntakeHub {
  const iso = (at: number) => new Date(at).toISOString();
  return {
    registered: certain,
    ...(since && { since: iso(since) }),
    ...(lastEvent && { lastEvent: iso(lastEvent) }),
    ...(checked && { checked: iso(checked) }),
  };
}
