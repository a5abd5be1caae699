import type { EndpointView, MessageRow, NamedEndpoint, Query } from '../views.js';
import { errorText, isGone, MessageApi } from './backend.js';
import { messageDetail } from './detail.js';
import { button, element } from './element.js';
import { MessageRows } from './message-list.js';
import type { MountedSection, SectionContext } from './section.js';
import { SelectionBar } from './selection-bar.js';
import { toolbar } from './toolbar.js';
import { troubleBar } from './trouble-bar.js';
import { waitBar } from './wait-bar.js';

const PAGE = 50;
/** Width in pixels from which list and message are side by side, as in view.css. */
const WIDE = 700;
/** Maximum number of rows fetched again on a change; rows beyond this from "more" are dropped. */
const MAX_REFRESHED = 200;

/** The messages view: a list, and beside it (or in its place) one message. */
export function messagesView({ backend, show: showSection }: SectionContext): MountedSection {
  const { t } = backend;
  const messages = new MessageApi(backend);
  const query: Query = { search: '', state: 'all', direction: 'either', limit: PAGE };
  const entityTypes = new Set<string>();
  let rows: MessageRow[] = [];
  let next: string | undefined;
  let selected: string | undefined;
  /** Number of the latest request; answers to earlier ones are dropped. */
  let requestNumber = 0;
  let detailRequestNumber = 0;
  /** Whether the selected message has been drawn. Until then a refresh is still its opening: it takes the focus and says what failed. */
  let drawn = false;
  let loading = false;
  /** Another section looks for one message: if it is the only one found, it is opened. */
  let opensOnly = false;

  const list = new MessageRows({ t, open, ticked: () => selection.update() });
  const selection = new SelectionBar({
    t,
    messages,
    selection: () => query,
    ticks: list.ticks,
    shown: () => ({ count: rows.length, more: next !== undefined }),
    tickAll: (ticked) => list.tickAll(ticked),
    done: () => load(false),
    mayWrite: () => backend.access?.write ?? true,
  });
  const notice = element('p', { class: 'switchboard-notice', role: 'status' });
  const troubles = troubleBar(t, () => showSection('endpoints'));
  const more = button(t('list.more'), 'switchboard-button', () => load(true));
  const detail = element('div', { class: 'switchboard-pane-detail', tabindex: '-1' });
  const bar = toolbar(backend, (changed) => {
    Object.assign(query, changed);
    if (query.state !== 'waiting') query.reason = undefined;
    list.tickAll(false);
    scroll.scrollTop = 0;
    load(false, PAGE);
  });
  const waits = waitBar(t, (reason) => {
    query.reason = reason;
    list.tickAll(false);
    scroll.scrollTop = 0;
    load(false, PAGE);
  });
  // Without any message, there may be no connection yet.
  const begin = button(t('empty.begin'), 'switchboard-button', () => backend.newConnection?.());
  const scroll = element('div', { class: 'switchboard-scroll' }, notice, begin, list.root, more);
  const root = element(
    'div',
    { class: 'switchboard-panes' },
    element('div', { class: 'switchboard-pane-list' }, bar.root, waits.root, troubles.root, selection.root, scroll),
    detail,
  );
  root.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && selected) {
      event.stopPropagation();
      close();
    }
  });
  // Scrolling to the end loads more; the button is for keyboard users.
  new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && load(true), { root: scroll }).observe(more);
  show(undefined);
  return { root, refresh, find };

  function refresh(): void {
    load(false);
    if (selected) fetchDetail(selected);
  }

  function find(text: string): void {
    opensOnly = true;
    bar.search(text);
  }

  /** An open form must not be redrawn. */
  function isBusy(): boolean {
    return detail.querySelector('[data-busy]') !== null;
  }

  function load(further: boolean, limit = Math.min(Math.max(rows.length, PAGE), MAX_REFRESHED)): void {
    if (further && (loading || next === undefined)) return;
    loading = true;
    const current = ++requestNumber;
    messages
      .list(further ? { ...query, before: next } : { ...query, limit })
      .then(
        (page) => {
          if (current !== requestNumber) return;
          const known = new Set(further ? rows.map((row) => row.id) : []);
          // A message may be on two pages: once for itself, and once for a delivery.
          rows = [...(further ? rows : []), ...page.messages.filter((row) => !known.has(row.id))];
          next = page.next;
          show(undefined);
          const [only, ...others] = rows;
          if (opensOnly && only && others.length === 0 && next === undefined) open(only.id);
          opensOnly = false;
        },
        (error) => current === requestNumber && show(errorText(error, t)),
      )
      .finally(() => {
        if (current === requestNumber) loading = false;
      });
    messages.counts().then(bar.count, () => undefined);
    if (query.state !== 'waiting') waits.show(undefined, undefined);
    else
      messages.waits().then(
        (summary) => query.state === 'waiting' && waits.show(summary, query.reason),
        () => undefined,
      );
    Promise.all([messages.endpoints(), messages.deletedEndpoints()]).then(showEndpoints, () => undefined);
  }

  function show(failure: string | undefined): void {
    const narrowed =
      query.search ||
      query.reason ||
      query.endpoint ||
      query.entityType ||
      query.since ||
      query.until ||
      query.direction !== 'either';
    const empty = requestNumber === 0 ? t('list.loading') : t(narrowed ? 'list.notFound' : `empty.${query.state}`);
    notice.textContent = failure ?? (rows.length === 0 ? empty : '');
    notice.classList.toggle('switchboard-failure', failure !== undefined);
    begin.hidden = !backend.newConnection || failure !== undefined || rows.length > 0 || empty !== t('empty.all');
    more.hidden = next === undefined;
    list.show(rows);
    list.select(selected);
    selection.update();
    const known = entityTypes.size;
    for (const row of rows)
      for (const type of [row.entityType, ...row.deliveries.map((one) => one.entityType)]) entityTypes.add(type);
    if (entityTypes.size > known) bar.types([...entityTypes].sort());
  }

  function showEndpoints([views, deleted]: [EndpointView[], NamedEndpoint[]]): void {
    bar.endpoints([...views, ...deleted]);
    troubles.show(views);
  }

  function open(id: string): void {
    selected = id;
    drawn = false;
    list.select(id);
    fetchDetail(id);
  }

  function fetchDetail(id: string): void {
    const current = ++detailRequestNumber;
    messages.one(id).then(
      (message) => {
        if (current !== detailRequestNumber || (drawn && isBusy())) return;
        const content = messageDetail(message, {
          t,
          backend,
          messages,
          wide: root.clientWidth >= WIDE,
          acted: () => acted(id),
          search: (text) => bar.search(text),
          open,
        });
        const folds = drawn ? openFolds() : undefined;
        draw(content);
        if (folds) restoreFolds(folds);
      },
      (error) =>
        current === detailRequestNumber &&
        (!drawn || isGone(error)) &&
        draw(element('p', { class: 'switchboard-notice switchboard-failure' }, errorText(error, t))),
    );
  }

  function draw(content: HTMLElement): void {
    const scrolled = detail.scrollTop;
    const takesFocus = !drawn || detail.contains(document.activeElement);
    detail.replaceChildren(button(t('detail.back'), 'switchboard-back switchboard-link', close), content);
    detail.scrollTop = scrolled;
    root.classList.add('switchboard-opened');
    if (takesFocus) detail.focus({ preventScroll: true });
    drawn = true;
  }

  function close(): void {
    const was = selected;
    selected = undefined;
    detailRequestNumber++;
    detail.replaceChildren();
    root.classList.remove('switchboard-opened');
    show(undefined);
    if (was) list.focus(was);
  }

  function acted(id: string): void {
    // The pressed button disappears, so the focus has to move.
    detail.focus({ preventScroll: true });
    load(false);
    fetchDetail(id);
  }

  /** Which sections are unfolded, to keep them on a refresh. */
  function openFolds(): boolean[] {
    return [...detail.querySelectorAll('details')].map((fold) => fold.open);
  }

  function restoreFolds(folds: boolean[]): void {
    const now = [...detail.querySelectorAll('details')];
    if (now.length === folds.length) for (const [index, fold] of now.entries()) fold.open = folds[index] ?? fold.open;
  }
}
