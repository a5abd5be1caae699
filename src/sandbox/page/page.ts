import { type State, state, watch } from './backend.js';
import { showOrders } from './orders.js';
import { showRouting } from './routing.js';
import { showTickets } from './tickets.js';

const VIEWS: Record<string, { intro: string; show: (now: State, redraw: () => void) => void }> = {
  tickets: {
    intro: 'Two independent partner systems. A change on one desk appears on the other.',
    show: showTickets,
  },
  orders: {
    intro: 'One order, split across independent vendors.',
    show: showOrders,
  },
  routing: {
    intro: 'Three customers and two providers, connected by one flow. Each case is only at its own parties.',
    show: showRouting,
  },
};

/** The view in the URL's hash, so that views can be linked. */
const currentView = () => (location.hash.slice(1) in VIEWS ? location.hash.slice(1) : 'tickets');

function showView(): void {
  const view = currentView();
  for (const main of document.querySelectorAll('main')) main.hidden = main.id !== `view-${view}`;
  for (const link of document.querySelectorAll('nav a'))
    link.setAttribute('aria-current', link.getAttribute('href') === `#${view}` ? 'page' : 'false');
  (document.getElementById('intro') as HTMLElement).textContent = VIEWS[view]?.intro ?? '';
}

async function refresh(): Promise<void> {
  VIEWS[currentView()]?.show(await state(), () => void refresh());
}

const live = document.getElementById('live') as HTMLElement;
watch(
  () => void refresh(),
  (on) => {
    live.classList.toggle('on', on);
    live.textContent = on ? 'live' : 'disconnected';
  },
);
addEventListener('hashchange', () => {
  showView();
  void refresh();
});
showView();
void refresh();
