import { type State, state, watch } from './backend.js';
import { showOrders } from './orders.js';
import { showTickets } from './tickets.js';

const VIEWS: Record<string, { intro: string; show: (now: State, again: () => void) => void }> = {
  tickets: {
    intro: 'Two partners that know nothing of each other. What you do on one desk arrives on the other.',
    show: showTickets,
  },
  orders: {
    intro: 'One order, and vendors that know nothing of each other.',
    show: showOrders,
  },
};

/** The view that the address names, so that it can be linked to. */
const chosen = () => (location.hash.slice(1) in VIEWS ? location.hash.slice(1) : 'tickets');

function turn(): void {
  const view = chosen();
  for (const main of document.querySelectorAll('main')) main.hidden = main.id !== `view-${view}`;
  for (const link of document.querySelectorAll('nav a'))
    link.setAttribute('aria-current', link.getAttribute('href') === `#${view}` ? 'page' : 'false');
  (document.getElementById('intro') as HTMLElement).textContent = VIEWS[view]?.intro ?? '';
}

async function refresh(): Promise<void> {
  VIEWS[chosen()]?.show(await state(), () => void refresh());
}

const live = document.getElementById('live') as HTMLElement;
watch(
  () => void refresh(),
  (on) => {
    live.classList.toggle('on', on);
    live.textContent = on ? 'live' : 'no connection';
  },
);
addEventListener('hashchange', () => {
  turn();
  void refresh();
});
turn();
void refresh();
