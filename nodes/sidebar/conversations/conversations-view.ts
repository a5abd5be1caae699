import { addStyle } from '../../kit/editor/style.js';
import {
  CONVERSATION_FILTERS,
  type ConversationDetail,
  type ConversationFilter,
  type ConversationQuery,
  type ConversationRow,
  type Unchanged,
} from '../conversation-views.js';
import { ALL } from '../view/access.js';
import { type Backend, errorText, isGone, MessageApi } from '../view/backend.js';
import { messageDetail } from '../view/detail.js';
import { button, element } from '../view/element.js';
import type { MountedSection } from '../view/section.js';
import { ConversationApi } from './conversation-api.js';
import { conversationRow } from './conversation-row.js';
import conversationsCss from './conversations.css';
import { type LinkEditContext, linkEditHistory, linkEditPanel } from './link-edit.js';
import { swimlanes } from './swimlanes.js';

const PAGE = 50;
/** Maximum number of rows fetched again on a change; rows beyond this from "more" are dropped. */
const MAX_REFRESHED = 200;
/** Milliseconds after the last key until the search starts. */
const TYPING = 250;
/** Width in pixels from which list and conversation are side by side, as in view.css. */
const WIDE = 700;

/** The conversations view: a list, and beside it (or in its place) one conversation as swimlanes, or one of its messages. */
export function conversationsView(backend: Backend): MountedSection {
  addStyle('switchboard-conversations-style', conversationsCss);
  const { t } = backend;
  const conversations = new ConversationApi(backend);
  const messages = new MessageApi(backend);
  const query: ConversationQuery = { search: '', state: 'all', limit: PAGE };
  let rows: ConversationRow[] = [];
  let next: string | undefined;
  /** The open conversation, and the arrow that was pressed in it. */
  let selected: string | undefined;
  let pressed: { entry: string; message: string } | undefined;
  /** Number of the latest request; answers to earlier ones are dropped. */
  let requestNumber = 0;
  let detailRequestNumber = 0;
  /** Whether what is open has been drawn. Until then a refresh is still its opening: it takes the focus and says what failed. */
  let drawn = false;
  /** Whether an action of the open form is done: what is drawn next takes the form's place, whichever request brings it. */
  let acted = false;
  let typing: ReturnType<typeof setTimeout> | undefined;

  const search = element('input', {
    type: 'search',
    placeholder: t('conversations.search'),
    'aria-label': t('conversations.search'),
  });
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => narrow({ search: search.value.trim() }), TYPING);
  });
  const filters = CONVERSATION_FILTERS.map((state) =>
    button(t(`conversations.filter.${state}`), 'switchboard-filter', () => narrow({ state })),
  );
  const list = element('ul', { class: 'switchboard-list', 'aria-label': t('conversations.title') });
  const notice = element('p', { class: 'switchboard-notice', role: 'status' });
  const more = button(t('list.more'), 'switchboard-button', () => load(true));
  const detail = element('div', { class: 'switchboard-pane-detail', tabindex: '-1' });
  const root = element(
    'div',
    { class: 'switchboard-view switchboard-conversations' },
    element(
      'div',
      { class: 'switchboard-panes' },
      element(
        'div',
        { class: 'switchboard-pane-list' },
        element(
          'div',
          { class: 'switchboard-toolbar' },
          search,
          element('div', { class: 'switchboard-filters', role: 'group', 'aria-label': t('list.filter') }, ...filters),
        ),
        element('div', { class: 'switchboard-scroll' }, notice, list, more),
      ),
      detail,
    ),
  );
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !selected) return;
    event.stopPropagation();
    if (pressed) backToDrawing();
    else close();
  });
  mark();
  show(undefined);
  return { root, refresh };

  function refresh(): void {
    // A hidden view fetches nothing.
    if (!root.isConnected || root.offsetParent === null) return;
    load(false);
    if (selected) fetchDetail();
  }

  function refreshAfterAction(): void {
    acted = true;
    refresh();
  }

  /** An open form must not be redrawn. */
  function hasOpenForm(): boolean {
    return detail.querySelector('.switchboard-primary, .switchboard-asking') !== null;
  }

  function narrow(change: { search?: string; state?: ConversationFilter }): void {
    Object.assign(query, change);
    mark();
    list.scrollTop = 0;
    load(false, PAGE);
  }

  function mark(): void {
    for (const [index, control] of filters.entries())
      control.setAttribute('aria-pressed', String(CONVERSATION_FILTERS[index] === query.state));
  }

  function load(further: boolean, limit = Math.min(Math.max(rows.length, PAGE), MAX_REFRESHED)): void {
    const current = ++requestNumber;
    conversations.list(further ? { ...query, before: next } : { ...query, limit }).then(
      (page) => {
        if (current !== requestNumber) return;
        const known = new Set(further ? rows.map((row) => row.id) : []);
        rows = [...(further ? rows : []), ...page.conversations.filter((row) => !known.has(row.id))];
        next = page.next;
        show(undefined);
        // A search returns what it finds at once, and goes on until there is a page.
        if (query.search && next !== undefined && rows.length < limit) load(true, limit);
      },
      (error) => current === requestNumber && show(errorText(error, t)),
    );
  }

  function show(failure: string | undefined): void {
    const focused = list.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.id : undefined;
    const isLoading = requestNumber === 0 || next !== undefined;
    const empty = isLoading ? t('list.loading') : t(query.search ? 'list.notFound' : `conversations.none.${query.state}`);
    notice.textContent = failure ?? (rows.length === 0 ? empty : '');
    notice.classList.toggle('switchboard-failure', failure !== undefined);
    more.hidden = next === undefined;
    list.replaceChildren(...rows.map((row) => conversationRow(row, row.id === selected, t, () => open(row.id))));
    if (focused) rowOf(focused)?.focus();
  }

  function open(id: string): void {
    selected = id;
    pressed = undefined;
    detail.scrollTop = 0;
    for (const row of list.querySelectorAll<HTMLElement>('.switchboard-row')) {
      if (row.dataset.id === id) row.setAttribute('aria-current', 'true');
      else row.removeAttribute('aria-current');
    }
    drawn = false;
    fetchDetail();
  }

  /** Draws a message instead of the conversation; `entry`: the arrow to return to. */
  function openMessage(entry: string, message: string): void {
    pressed = { entry, message };
    detail.scrollTop = 0;
    drawn = false;
    fetchDetail();
  }

  /** Draws the open conversation, or the message selected in it. */
  function fetchDetail(): void {
    const current = ++detailRequestNumber;
    const id = selected as string;
    const made = pressed
      ? messages.one(pressed.message).then(messageContent)
      : conversations.one(id, drawn && !acted ? drawnMark() : '').then(conversationContent);
    made.then(
      (content) => current === detailRequestNumber && content && (acted || !drawn || !hasOpenForm()) && draw(content),
      (error) =>
        current === detailRequestNumber &&
        (!drawn || isGone(error)) &&
        draw([back(), element('p', { class: 'switchboard-notice switchboard-failure' }, errorText(error, t))]),
    );
  }

  /** The mark of the conversation as drawn. */
  function drawnMark(): string {
    return detail.querySelector('article')?.dataset.mark ?? '';
  }

  function back(): HTMLElement {
    return pressed
      ? button(t('conversations.back'), 'switchboard-back-here switchboard-link', backToDrawing)
      : button(t('detail.back'), 'switchboard-back switchboard-link', close);
  }

  function conversationContent(view: ConversationDetail | Unchanged): HTMLElement[] | undefined {
    if (view.unchanged) return undefined;
    const access = backend.access ?? ALL;
    const context: LinkEditContext = { t, conversations, access, done: refreshAfterAction };
    const panel = linkEditPanel(view, context);
    // The links of a fanned-out order cannot be edited.
    const fannedOut = view.lanes.some((lane) => lane.plan);
    return [
      back(),
      element(
        'article',
        { class: 'switchboard-detail switchboard-timeline', 'aria-label': view.reference, 'data-mark': view.mark },
        element(
          'h2',
          {},
          view.title ?? view.reference,
          element('small', {}, `${view.reference} · ${t(`conversation.${view.state}`)}`),
        ),
        !fannedOut && panel.root,
        linkEditHistory(view, context),
        swimlanes(
          view,
          t,
          ({ id, message }) => openMessage(id, message),
          fannedOut || !access.write ? undefined : panel.editLink,
        ),
      ),
    ];
  }

  function messageContent(message: Parameters<typeof messageDetail>[0]): HTMLElement[] {
    const context = {
      t,
      backend,
      messages,
      wide: root.clientWidth >= WIDE,
      acted: refreshAfterAction,
      search: find,
      open: (other: string) => openMessage(pressed?.entry ?? '', other),
    };
    return [back(), messageDetail(message, context)];
  }

  function draw(content: HTMLElement[]): void {
    const scrolled = detail.scrollTop;
    const focused = detail.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.id : undefined;
    const folds = drawn ? [...detail.querySelectorAll('details')].map((fold) => fold.open) : undefined;
    detail.replaceChildren(...content);
    root.classList.add('switchboard-opened');
    detail.scrollTop = scrolled;
    const now = [...detail.querySelectorAll('details')];
    if (folds?.length === now.length) for (const [index, fold] of now.entries()) fold.open = folds[index] ?? fold.open;
    const arrow = focused && arrowOf(focused);
    if (arrow) arrow.focus({ preventScroll: true });
    else if (!drawn || focused) detail.focus({ preventScroll: true });
    drawn = true;
    acted = false;
  }

  function backToDrawing(): void {
    const entry = pressed?.entry;
    pressed = undefined;
    drawn = false;
    const current = ++detailRequestNumber;
    conversations.one(selected as string).then(
      (view) => {
        if (current !== detailRequestNumber) return;
        draw(conversationContent(view) ?? []);
        if (entry) arrowOf(entry)?.focus();
      },
      () => refresh(),
    );
  }

  function close(): void {
    const was = selected;
    selected = undefined;
    pressed = undefined;
    detailRequestNumber++;
    detail.replaceChildren();
    root.classList.remove('switchboard-opened');
    show(undefined);
    if (was) rowOf(was)?.focus();
  }

  function find(text: string): void {
    search.value = text;
    narrow({ search: text, state: 'all' });
  }

  function rowOf(id: string): HTMLElement | null {
    return list.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  function arrowOf(id: string): HTMLElement | null {
    return detail.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }
}
