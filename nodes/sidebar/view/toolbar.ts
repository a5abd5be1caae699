import type { Counts, Filter, NamedEndpoint, Selection } from '../views.js';
import type { Backend } from './backend.js';
import { button, element } from './element.js';
import { filterPanel } from './filter-panel.js';

/** Milliseconds after the last key until the search starts. */
const TYPING = 250;
/** The filters that have their own button. */
const BUTTONS = ['all', 'problems', 'needsDecision', 'warned', 'waiting', 'unrouted'] as const;

export interface Toolbar {
  root: HTMLElement;
  count(counts: Counts): void;
  endpoints(views: NamedEndpoint[]): void;
  types(names: string[]): void;
  search(text: string): void;
}

/** Search and filters, with the number of messages that need attention. */
export function toolbar(backend: Backend, changed: (selection: Partial<Selection>) => void): Toolbar {
  const { t } = backend;
  let state: Filter = 'all';
  let typing: ReturnType<typeof setTimeout> | undefined;
  const input = element('input', { type: 'search', placeholder: t('list.search'), 'aria-label': t('list.search') });
  const filters = new Map(
    BUTTONS.map((filter) => [filter, button(t(`filter.${filter}`), 'switchboard-filter', () => choose(filter))]),
  );
  const panel = filterPanel(t, (conditions) => {
    state = conditions.state ?? state;
    mark();
    changed(conditions);
  });
  const more = button(t('filterBy.more'), 'switchboard-filter switchboard-more-filters', () => {
    panel.root.hidden = !panel.root.hidden;
    mark();
  });
  input.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => changed({ search: input.value.trim() }), TYPING);
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
    root: element('div', { class: 'switchboard-toolbar' }, input, more, page, group, panel.root),
    count(counts) {
      for (const [filter, control] of filters) {
        const count = filter === 'all' ? 0 : counts[filter];
        control.replaceChildren(
          t(`filter.${filter}`),
          count > 0 ? element('span', { class: `switchboard-count-${filter}` }, String(count)) : '',
        );
      }
    },
    endpoints: (views) => panel.endpoints(views),
    types: (names) => panel.types(names),
    search(text) {
      input.value = text;
      const all: Selection = {
        search: text,
        state: 'all',
        direction: 'either',
        endpoint: '',
        entityType: '',
        since: '',
        until: '',
      };
      panel.set(all);
      state = 'all';
      mark();
      changed(all);
    },
  };

  function choose(filter: Filter): void {
    state = filter;
    panel.set({ state });
    mark();
    changed({ state });
  }

  function mark(): void {
    for (const [filter, control] of filters) control.setAttribute('aria-pressed', String(filter === state));
    more.setAttribute('aria-expanded', String(!panel.root.hidden));
    more.replaceChildren(
      t('filterBy.more'),
      panel.used > 0 ? element('span', { class: 'switchboard-used' }, String(panel.used)) : '',
    );
  }
}
