import { DIRECTIONS, FILTERS, type NamedEndpoint, type Selection } from '../views.js';
import type { Backend } from './backend.js';
import { button, element } from './element.js';

type Conditions = Omit<Selection, 'search'>;

/** Periods in hours that have their own button. */
const SPANS = { hour: 1, day: 24, week: 168 } as const;

export interface FilterPanel {
  root: HTMLElement;
  endpoints(views: NamedEndpoint[]): void;
  /** Sets the record types to choose from. */
  types(names: string[]): void;
  set(conditions: Partial<Conditions>): void;
  /** Number of conditions in use. */
  readonly used: number;
}

/** The conditions beside the search: state, endpoint, record type, direction and time. */
export function filterPanel(t: Backend['t'], changed: (conditions: Partial<Conditions>) => void): FilterPanel {
  const options = (names: readonly string[], labels: string) =>
    names.map((name) => element('option', { value: name }, t(`${labels}.${name}`)));
  const state = element('select', {}, ...options(FILTERS, 'filter'));
  const direction = element('select', {}, ...options(DIRECTIONS, 'direction'));
  const endpoint = element('select', {}, element('option', { value: '' }, t('filterBy.anyEndpoint')));
  const entityType = element('input', { type: 'text', list: 'switchboard-filter-types', placeholder: t('filterBy.anyType') });
  const types = element('datalist', { id: 'switchboard-filter-types' });
  const since = element('input', { type: 'datetime-local' });
  const until = element('input', { type: 'datetime-local' });
  const spans = element('span', { class: 'switchboard-spans' });
  for (const [name, hours] of Object.entries(SPANS)) {
    spans.append(
      button(t(`filterBy.${name}`), 'switchboard-link', () => {
        since.value = local(new Date(Date.now() - hours * 3_600_000));
        until.value = '';
        notify();
      }),
    );
  }
  spans.append(
    button(t('filterBy.clear'), 'switchboard-link', () => {
      set({ state: 'all', direction: 'either', endpoint: '', entityType: '', since: '', until: '' });
      notify();
    }),
  );
  const root = element(
    'div',
    { class: 'switchboard-filter-panel', hidden: true },
    labelled(t('filterBy.state'), state),
    labelled(t('filterBy.direction'), direction),
    labelled(t('filterBy.endpoint'), endpoint),
    labelled(t('filterBy.type'), entityType),
    labelled(t('filterBy.since'), since),
    labelled(t('filterBy.until'), until),
    spans,
    types,
  );
  for (const control of [state, direction, endpoint, entityType, since, until]) control.addEventListener('change', notify);
  return {
    root,
    endpoints(views) {
      const chosen = endpoint.value;
      endpoint.replaceChildren(
        element('option', { value: '' }, t('filterBy.anyEndpoint')),
        ...views.map(({ id, name }) => element('option', { value: id }, name)),
      );
      endpoint.value = chosen;
    },
    types: (names) => types.replaceChildren(...names.map((value) => element('option', { value }))),
    set,
    get used() {
      return [direction.value !== 'either', endpoint.value, entityType.value, since.value, until.value].filter(Boolean).length;
    },
  };

  function set(conditions: Partial<Conditions>): void {
    if (conditions.state !== undefined) state.value = conditions.state;
    if (conditions.direction !== undefined) direction.value = conditions.direction;
    if (conditions.endpoint !== undefined) endpoint.value = conditions.endpoint;
    if (conditions.entityType !== undefined) entityType.value = conditions.entityType;
    if (conditions.since !== undefined) since.value = conditions.since && local(new Date(conditions.since));
    if (conditions.until !== undefined) until.value = conditions.until && local(new Date(conditions.until));
  }

  function notify(): void {
    const time = (input: HTMLInputElement) => (input.value ? new Date(input.value).toISOString() : undefined);
    changed({
      state: state.value as Selection['state'],
      direction: direction.value as Selection['direction'],
      endpoint: endpoint.value || undefined,
      entityType: entityType.value.trim() || undefined,
      since: time(since),
      until: time(until),
    });
  }
}

function labelled(label: string, control: HTMLElement): HTMLElement {
  return element('label', {}, element('span', {}, label), control);
}

/** The value of a datetime-local input. */
function local(time: Date): string {
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
