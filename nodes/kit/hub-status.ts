import type { HubState } from '../../src/delivery/hub-subscription.js';
import { say } from '../../src/text/say.js';

/** The node status of a hub registration: since when, the time of the last event, and when the provider last confirmed it. */
export function hubStatus({ certain, since, lastEvent, checked }: HubState, now: number): string {
  const registered = since ? say`registered since ${timeOf(since, now)}` : say`registered`;
  return [
    certain ? registered : say`registration unconfirmed, polling`,
    lastEvent && say`last event ${timeOf(lastEvent, now)}`,
    certain && checked && say`checked ${timeOf(checked, now)}`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** Hours and minutes, preceded by month and day if that is not today. */
function timeOf(at: number, now: number): string {
  const [moment, today] = [new Date(at), new Date(now)];
  const two = (number: number) => String(number).padStart(2, '0');
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
  const day = `${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return moment.toDateString() === today.toDateString() ? time : `${day} ${time}`;
}
