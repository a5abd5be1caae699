import { element } from '../../kit/editor/element.js';
import { textInput } from './inputs.editor.js';
import type { Session } from './session.editor.js';

/** Shown instead of the board while a mapping has no rules for items: asks which of the partner's lists holds the items. */
export function itemsStart(session: Session): HTMLElement {
  const { t } = session;
  const list = element('datalist', { id: 'switchboard-item-lists' });
  const field = textInput('', t('items.list'), () => undefined);
  field.setAttribute('list', list.id);
  const begin = element('button', { type: 'button', class: 'red-ui-button' }, t('items.begin'));
  begin.addEventListener('click', () => {
    const name = field.value.trim();
    if (!name) return field.focus();
    const id = session.lists.items?.partner.find(({ path }) => path === 'id')?.path ?? '';
    session.editMapping({ ...session.mapping, items: { field: name, rules: [{ field: id, generic: 'id' }] } }, 'items');
  });
  session.on((reason) => {
    if (reason !== 'all') return;
    const known = session.lists.items ? [session.lists.items.field] : session.lists.lists;
    list.replaceChildren(...known.map((name) => element('option', { value: name })));
    if (!field.value) field.value = known[0] ?? '';
  });
  return element(
    'div',
    { class: 'switchboard-items-begin', hidden: true },
    element('p', {}, t('items.none')),
    element('label', {}, element('span', {}, t('items.list')), field, list),
    begin,
  );
}
