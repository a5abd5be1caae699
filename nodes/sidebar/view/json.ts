import type { Bodies } from '../../../src/store/store.js';
import type { Backend } from './backend.js';
import { button, element } from './element.js';

/** More than this would make the browser slow; the rest is in the copy. */
const LONGEST = 100_000;

/** Bodies by name, each as indented JSON in plain text that can be folded and copied. `open` names the one that matters most. */
export function bodiesView(bodies: Bodies, open: string, t: Backend['t']): HTMLElement[] {
  return Object.entries(bodies)
    .filter(([, body]) => body !== undefined && body !== null)
    .map(([name, body]) => bodyView(name, body, name === open, t));
}

function bodyView(name: string, body: unknown, open: boolean, t: Backend['t']): HTMLElement {
  const text = typeof body === 'string' ? body : JSON.stringify(body, null, 2);
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}\n${t('detail.cut')}` : text;
  const copy = button(t('detail.copy'), 'switchboard-link', () => {
    navigator.clipboard?.writeText(text).then(
      () => copy.replaceChildren(t('detail.copied')),
      () => copy.remove(),
    );
  });
  const known = ['received', 'read', 'request', 'response', 'made', 'ours', 'theirs', 'original'].includes(name);
  return element(
    'details',
    { class: 'switchboard-body', open },
    element('summary', {}, element('span', {}, known ? t(`body.${name}`) : name)),
    // The clipboard is there only on secure pages.
    navigator.clipboard && copy,
    element('pre', { tabindex: '0' }, shown),
  );
}
