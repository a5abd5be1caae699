import type { State } from './backend.js';
import { field, select } from './dom.js';
import { incidentDesk, incidentView, ticketDesk, ticketView } from './ticket-desks.js';

/** The categories of incidents in ServiceNow as delivered; the example's rules route by them. */
const CATEGORIES = ['network', 'hardware', 'software', 'database', 'inquiry'];

const category = () =>
  field(
    'Category',
    select(
      'category',
      CATEGORIES.map((name) => [name, name]),
      'network',
    ),
  );
const title = (section: string) => section.charAt(0).toUpperCase() + section.slice(1);

const customers = ['acme', 'globex', 'initech'].map((section) => {
  const place = { section, title: () => title(section), subtitle: () => 'customer, ServiceNow', actions: () => section };
  return { section, desk: incidentDesk(place, () => [category()]) };
});
const providers = ['north', 'south'].map((section) => {
  const place = { section, title: () => title(section), subtitle: () => 'provider, TMF621', actions: () => section };
  return { section, desk: ticketDesk(place) };
});

/** The routing view: three customers and two providers, connected by one flow. */
export function showRouting({ routed }: State): void {
  for (const { section, desk } of customers) {
    const now = routed.customers[section];
    if (now) desk.show(now.tickets.map(incidentView), now);
  }
  for (const { section, desk } of providers) {
    const now = routed.providers[section];
    if (now) desk.show(now.tickets.map(ticketView), now);
  }
}
