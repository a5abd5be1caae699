import type { UnmappedView } from '../views.js';
import { ALL, permissionNote, permitted } from './access.js';
import { errorText, MessageApi } from './backend.js';
import { valueText } from './columns.js';
import { button, element, fill } from './element.js';
import type { MountedSection, SectionContext } from './section.js';

/** Values without a row in their value map, by mapping, with a button to open the mapping. */
export function unmappedView({ backend }: SectionContext): MountedSection {
  const { t } = backend;
  const messages = new MessageApi(backend);
  const notice = element('p', { class: 'switchboard-notice', role: 'status' }, t('list.loading'));
  const list = element('ul', { class: 'switchboard-cards', 'aria-label': t('section.unmapped') });
  const root = element('div', { class: 'switchboard-scroll switchboard-padded' }, notice, list);
  return { root, refresh };

  function refresh(): void {
    messages.unmapped().then(
      (values) => {
        notice.textContent = values.length === 0 ? t('unmapped.none') : '';
        const groups = new Map<string, UnmappedView[]>();
        for (const value of values) {
          const key = JSON.stringify([value.store, value.mapping, value.node, value.direction]);
          groups.set(key, [...(groups.get(key) ?? []), value]);
        }
        fill(list, ...[...groups.values()].map(group));
      },
      (error) => {
        notice.textContent = errorText(error, t);
      },
    );
  }

  function group(values: UnmappedView[]): HTMLElement {
    const [first] = values as [UnmappedView];
    const failure = element('div', { class: 'switchboard-failure', role: 'alert' });
    const { openMapping, access: { write } = ALL } = backend;
    return element(
      'li',
      { class: 'switchboard-card' },
      element(
        'div',
        { class: 'switchboard-row-top' },
        element('b', {}, first.mapping),
        element('span', {}, t(`unmapped.${first.direction}`)),
      ),
      element(
        'p',
        { class: 'switchboard-reason' },
        t(first.node ? 'unmapped.own' : 'unmapped.preset', { mapping: first.mapping }),
      ),
      element(
        'table',
        { class: 'switchboard-table' },
        element(
          'tbody',
          {},
          ...values.map(({ field, value, times }) =>
            element(
              'tr',
              {},
              element('td', {}, element('code', {}, field)),
              element('td', {}, `"${valueText(value)}"`),
              element('td', {}, t('unmapped.times', { count: times })),
            ),
          ),
        ),
      ),
      element(
        'div',
        { class: 'switchboard-actions' },
        openMapping &&
          button(t(first.node ? 'unmapped.open' : 'unmapped.makeOwn'), 'switchboard-button', () => openMapping(first.node)),
        permitted(
          button(t('unmapped.forget'), 'switchboard-button', () => {
            messages.forget(values).then(refresh, (error) => fill(failure, errorText(error, t)));
          }),
          write,
          t,
        ),
        permissionNote(write, t),
        failure,
      ),
    );
  }
}
