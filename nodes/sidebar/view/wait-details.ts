import type { WaitView } from '../views.js';
import type { Backend } from './backend.js';
import { button, element } from './element.js';
import { waitTimes } from './row.js';
import { waitText } from './wait-text.js';

/** Why something waits, in full: since when, until when, what went wrong, and a link to what comes first. */
export function waitDetails(wait: WaitView, t: Backend['t'], open?: (message: string) => void): HTMLElement {
  const { text, behind } = wait;
  const link =
    behind && open && button(t('waits.open', { number: behind.number }), 'switchboard-link', () => open(behind.message));
  return element(
    'div',
    { class: 'switchboard-wait' },
    element('p', { class: 'switchboard-reason switchboard-warning' }, waitText(wait, t), link && ' ', link),
    element('div', { class: 'switchboard-muted' }, ...waitTimes(wait, t)),
    text && element('div', { class: 'switchboard-muted switchboard-wait-text' }, text),
  );
}
