import { type CatalogField, shortPath } from '../../../src/mapping/catalog/field.js';
import { element } from '../../kit/editor/element.js';
import { matches } from './layout.js';

interface Choice {
  title: string;
  fields: CatalogField[];
  /** Paths that a rule already uses; they are marked, not hidden. */
  used: Set<string>;
  /** Called with a path from the list or with the typed text, because no catalogue knows every field. */
  choose: (path: string) => void;
}

/** Opens a panel below `target`: a search, and all fields with their details; arrow keys and Enter choose one. */
export function pickField(target: HTMLElement, { title, fields, used, choose }: Choice, t: Translate): void {
  const search = element('input', {
    type: 'text',
    placeholder: t('picker.search'),
    'aria-label': title,
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'switchboard-picker-list',
  });
  const list = element('ul', { role: 'listbox', id: 'switchboard-picker-list', 'aria-label': title });
  const box = element(
    'div',
    { class: 'switchboard-picker' },
    element('div', { class: 'switchboard-picker-title' }, title),
    search,
    list,
  );
  const panel = RED.popover.panel($(box));
  let options: string[] = [];
  let at = 0;

  search.addEventListener('input', () => {
    at = 0;
    draw();
  });
  search.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      at = Math.max(0, Math.min(options.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1)));
      mark();
    } else if (event.key === 'Enter') take(options[at]);
    else if (event.key === 'Escape' || event.key === 'Tab') close();
    else return;
    event.preventDefault();
  });
  draw();
  panel.show({ target: $(target), onclose: () => target.focus() });
  search.focus();

  function close(): void {
    panel.hide();
    target.focus();
  }

  function take(path: string | undefined): void {
    if (!path) return;
    panel.hide();
    choose(path);
  }

  function draw(): void {
    const typed = search.value.trim();
    const found = fields.filter((field) => matches(field, typed)).sort((a, b) => rank(a, typed) - rank(b, typed));
    const own = typed && !fields.some(({ path }) => path === typed);
    options = [...found.map(({ path }) => path), ...(own ? [typed] : [])];
    list.replaceChildren(
      ...found.map((field) => option(field)),
      ...(own ? [option({ path: typed, type: 'text', description: t('picker.own') })] : []),
    );
    mark();
  }

  function option(field: CatalogField): HTMLElement {
    const item = element(
      'li',
      { role: 'option', class: used.has(field.path) ? 'switchboard-used' : undefined },
      element(
        'span',
        { class: 'switchboard-picker-path' },
        shortPath(field.path),
        field.required ? element('b', { title: t('field.required') }, ' *') : undefined,
      ),
      element('span', { class: 'switchboard-picker-type' }, t(`field.type.${field.type}`)),
      element('span', { class: 'switchboard-picker-about' }, field.description || (field.seen ? t('field.seen') : '')),
    );
    item.addEventListener('mousedown', (event) => {
      event.preventDefault();
      take(field.path);
    });
    return item;
  }

  function mark(): void {
    [...list.children].forEach((item, index) => {
      item.setAttribute('aria-selected', String(index === at));
      if (index === at) item.scrollIntoView({ block: 'nearest' });
    });
  }
}

/** Sorts names that begin with the search text first, then names that contain it, then other matches. */
function rank({ path }: CatalogField, search: string): number {
  const at = shortPath(path).toLowerCase().indexOf(search.toLowerCase());
  return at === 0 ? 0 : at > 0 ? 1 : 2;
}
