import { addStyle } from '../../kit/editor/style.js';
import type { MessageRow, Query } from '../views.js';
import { type Backend, Messages, wordsFor } from './backend.js';
import detailCss from './detail.css';
import { messageDetail } from './detail.js';
import { button, element } from './element.js';
import { messageRow } from './row.js';
import { toolbar } from './toolbar.js';
import css from './view.css';

const PAGE = 50;
/** Pixels from which list and message stand side by side, as in view.css. */
const WIDE = 700;
/** The list is fetched anew when something changed; what was shown by "more" beyond this is not kept. */
const MOST_REFRESHED = 200;

export interface MessagesView {
  root: HTMLElement;
  /** To be called when the view has become visible. */
  refresh(): void;
}

/** The messages view: a list, and beside it (or, where there is no room, in its place) one message. */
export function messagesView(backend: Backend): MessagesView {
  addStyle('switchboard-view-style', css + detailCss);
  const { t } = backend;
  const messages = new Messages(backend);
  const query: Query = { search: '', state: 'all', limit: PAGE };
  let rows: MessageRow[] = [];
  let next: string | undefined;
  let selected: string | undefined;
  /** Of two answers under way only the later question's counts. */
  let asked = 0;
  let askedDetail = 0;

  const list = element('ul', { class: 'switchboard-list', 'aria-label': t('list.title') });
  const notice = element('p', { class: 'switchboard-notice', role: 'status' });
  const more = button(t('list.more'), 'switchboard-button', () => load(true));
  const detail = element('div', { class: 'switchboard-pane-detail', tabindex: '-1' });
  const bar = toolbar(backend, (search, state) => {
    Object.assign(query, { search, state });
    list.scrollTop = 0;
    load(false, PAGE);
  });
  const root = element(
    'div',
    { class: 'switchboard-view' },
    element(
      'div',
      { class: 'switchboard-panes' },
      element(
        'div',
        { class: 'switchboard-pane-list' },
        bar.root,
        element('div', { class: 'switchboard-scroll' }, notice, list, more),
      ),
      detail,
    ),
  );
  root.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && selected) {
      event.stopPropagation();
      close();
    }
  });
  backend.onChange(refresh);
  show(undefined);
  return { root, refresh };

  function refresh(): void {
    // A hidden sidebar asks for nothing.
    if (!root.isConnected || root.offsetParent === null) return;
    load(false);
    // What a person is about to do must not be drawn over.
    if (selected && !detail.querySelector('.switchboard-primary')) open(selected, true);
  }

  function load(further: boolean, limit = Math.min(Math.max(rows.length, PAGE), MOST_REFRESHED)): void {
    const mine = ++asked;
    messages.list(further ? { ...query, before: next } : { ...query, limit }).then(
      (page) => {
        if (mine !== asked) return;
        const known = new Set(further ? rows.map((row) => row.id) : []);
        rows = [...(further ? rows : []), ...page.messages.filter((row) => !known.has(row.id))];
        next = page.next;
        show(undefined);
      },
      (error) => mine === asked && show(wordsFor(error, t)),
    );
    messages.counts().then(bar.count, () => undefined);
  }

  function show(trouble: string | undefined): void {
    const focused = (document.activeElement as HTMLElement | null)?.dataset.id;
    const empty = asked === 0 ? t('list.loading') : t(query.search ? 'list.notFound' : `empty.${query.state}`);
    notice.textContent = trouble ?? (rows.length === 0 ? empty : '');
    notice.classList.toggle('switchboard-trouble', trouble !== undefined);
    more.hidden = next === undefined;
    list.replaceChildren(...rows.map((row) => messageRow(row, row.id === selected, t, () => open(row.id, false))));
    if (focused) rowOf(focused)?.focus();
  }

  function open(id: string, again: boolean): void {
    const mine = ++askedDetail;
    selected = id;
    for (const row of list.querySelectorAll<HTMLElement>('.switchboard-row')) {
      if (row.dataset.id === id) row.setAttribute('aria-current', 'true');
      else row.removeAttribute('aria-current');
    }
    messages.one(id).then(
      (message) => {
        if (mine !== askedDetail) return;
        const drawn = messageDetail(message, {
          t,
          messages,
          wide: root.clientWidth >= WIDE,
          acted: () => acted(id),
          search: (text) => bar.search(text),
        });
        const folds = again ? openFolds() : undefined;
        draw(drawn);
        if (folds) restoreFolds(folds);
        else detail.focus({ preventScroll: true });
      },
      (error) =>
        mine === askedDetail &&
        !again &&
        draw(element('p', { class: 'switchboard-notice switchboard-trouble' }, wordsFor(error, t))),
    );
  }

  function draw(content: HTMLElement): void {
    const scrolled = detail.scrollTop;
    detail.replaceChildren(button(t('detail.back'), 'switchboard-back switchboard-link', close), content);
    detail.scrollTop = scrolled;
    root.classList.add('switchboard-opened');
  }

  function close(): void {
    const was = selected;
    selected = undefined;
    askedDetail++;
    detail.replaceChildren();
    root.classList.remove('switchboard-opened');
    show(undefined);
    if (was) rowOf(was)?.focus();
  }

  function acted(id: string): void {
    load(false);
    open(id, true);
  }

  function rowOf(id: string): HTMLElement | null {
    return list.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  /** What a person folded or unfolded stays so when news comes in. */
  function openFolds(): boolean[] {
    return [...detail.querySelectorAll('details')].map((fold) => fold.open);
  }

  function restoreFolds(folds: boolean[]): void {
    const now = [...detail.querySelectorAll('details')];
    if (now.length === folds.length) for (const [index, fold] of now.entries()) fold.open = folds[index] ?? fold.open;
  }
}
