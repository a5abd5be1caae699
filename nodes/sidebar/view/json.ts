import type { Bodies } from '../../../src/store/store.js';
import type { Backend } from './backend.js';
import { button, element } from './element.js';

/** Longer text would slow down the browser; the copy button copies all of it. */
const MAX_LENGTH = 100_000;

/**
 * Bodies by name as indented JSON that can be folded and copied. `open` names the one to show unfolded; `labels` has labels other
 * than the usual ones, by name.
 */
export function bodiesView(bodies: Bodies, open: string, t: Backend['t'], labels: Record<string, string> = {}): HTMLElement[] {
  return Object.entries(bodies)
    .filter(([, body]) => body !== undefined && body !== null)
    .map(([name, body]) => bodyView(labels[name] ?? labelOf(name, t), body, name === open, t));
}

function labelOf(name: string, t: Backend['t']): string {
  const known = ['received', 'read', 'request', 'response', 'made', 'ours', 'theirs', 'original'].includes(name);
  return known ? t(`body.${name}`) : name;
}

function bodyView(label: string, body: unknown, open: boolean, t: Backend['t']): HTMLElement {
  const text = typeof body === 'string' ? body : JSON.stringify(body, null, 2);
  const shown = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}\n${t('detail.cut')}` : text;
  const copy = button(t('detail.copy'), 'switchboard-link', () => {
    navigator.clipboard?.writeText(text).then(
      () => copy.replaceChildren(t('detail.copied')),
      () => copy.remove(),
    );
  });
  return element(
    'details',
    { class: 'switchboard-body', open },
    element('summary', {}, element('span', {}, label)),
    // The clipboard is only available in a secure context.
    navigator.clipboard && copy,
    element('pre', { tabindex: '0' }, shown),
  );
}
