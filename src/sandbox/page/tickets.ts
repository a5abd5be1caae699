import type { State } from './backend.js';
import { select } from './dom.js';
import { incidentDesk, incidentView, ticketDesk, ticketView } from './ticket-desks.js';

/** The displayed API version of the provider. */
let version = 'v4';
let redraw: () => void = () => undefined;

const customer = incidentDesk({
  section: 'customer',
  title: () => 'Customer',
  subtitle: () => 'ServiceNow, incidents',
  actions: () => 'servicenow',
});

const provider = ticketDesk({
  section: 'provider',
  title: () => 'Provider',
  subtitle: () => `TM Forum TMF621 ${version}, trouble tickets`,
  actions: () => version,
  extra: () => {
    const list = select(
      'version',
      [
        ['v4', 'TMF621 v4'],
        ['v5', 'TMF621 v5'],
      ],
      version,
    );
    list.setAttribute('aria-label', 'Version');
    list.addEventListener('change', () => {
      version = list.value;
      redraw();
    });
    return list;
  },
});

/** The trouble tickets view: the customer's incidents and the provider's tickets. */
export function showTickets({ customer: incidents, providers }: State, onVersionChange: () => void): void {
  redraw = onVersionChange;
  customer.show(incidents.tickets.map(incidentView), incidents);
  const desk = providers[version];
  if (desk) provider.show(desk.tickets.map(ticketView), desk);
}
