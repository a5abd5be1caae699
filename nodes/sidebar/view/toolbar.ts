import { type Counts, FILTERS, type Filter } from '../views.js';
import type { Backend } from './backend.js';
import { button, element } from './element.js';

/** Milliseconds after the last key before a search begins. */
const TYPING = 250;

export interface Toolbar {
  root: HTMLElement;
  count(counts: Counts): void;
  search(text: string): void;
}

/** Search and filters; the filters say how many messages need a person. */
export function toolbar(backend: Backend, changed: (search: string, state: Filter) => void): Toolbar {
  const { t } = backend;
  let state: Filter = 'all';
  let typing: ReturnType<typeof setTimeout> | undefined;
  const input = element('input', { type: 'search', placeholder: t('list.search'), 'aria-label': t('list.search') });
  const filters = new Map(
    FILTERS.map((filter) => [filter, button(t(`filter.${filter}`), 'switchboard-filter', () => choose(filter))]),
  );
  input.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => changed(input.value.trim(), state), TYPING);
  });
  const group = element(
    'div',
    { class: 'switchboard-filters', role: 'group', 'aria-label': t('list.filter') },
    ...filters.values(),
  );
  const page = backend.page
    ? element(
        'a',
        {
          class: 'switchboard-page',
          href: backend.page,
          target: '_blank',
          rel: 'noopener',
          title: t('list.page'),
          'aria-label': t('list.page'),
        },
        '↗',
      )
    : undefined;
  mark();
  return {
    root: element('div', { class: 'switchboard-toolbar' }, input, page, group),
    count(counts) {
      for (const [filter, control] of filters) {
        const count = filter === 'all' ? 0 : counts[filter];
        control.replaceChildren(
          t(`filter.${filter}`),
          count > 0 ? element('span', { class: `switchboard-count-${filter}` }, String(count)) : '',
        );
      }
    },
    search(text) {
      input.value = text;
      state = 'all';
      mark();
      changed(text, state);
    },
  };

  function choose(filter: Filter): void {
    state = filter;
    mark();
    changed(input.value.trim(), state);
  }

  function mark(): void {
    for (const [filter, control] of filters) control.setAttribute('aria-pressed', String(filter === state));
  }
}
