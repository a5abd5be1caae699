import { addStyle } from '../../kit/editor/style.js';
import { AccessControl } from './access.js';
import { type Backend, MessageApi } from './backend.js';
import columnsCss from './columns.css';
import detailCss from './detail.css';
import { element, fill } from './element.js';
import type { MountedSection } from './section.js';
import { SECTIONS } from './sections.js';
import tabsCss from './tabs.css';
import css from './view.css';

export interface OperatorView {
  root: HTMLElement;
  /** To be called when the view becomes visible. */
  refresh(): void;
}

/** The operator's view: a bar of tabs, and the selected section below it. Sections are created when they are first shown. */
export function operatorView(host: Backend): OperatorView {
  addStyle('switchboard-view-style', css + tabsCss + detailCss + columnsCss);
  const control = new AccessControl(host, () => refresh());
  const { backend } = control;
  const { t } = backend;
  const messages = new MessageApi(backend);
  const mounted = new Map<string, MountedSection>();
  const tabs = SECTIONS.map(({ id, label }) => {
    const tab = element('button', { type: 'button', role: 'tab', class: 'switchboard-tab', 'data-section': id }, t(label));
    tab.addEventListener('click', () => show(id));
    return tab;
  });
  const bar = element('div', { class: 'switchboard-tabs', role: 'tablist', 'aria-label': t('section.title') }, ...tabs);
  const place = element('div', { class: 'switchboard-section', role: 'tabpanel' });
  const root = element('div', { class: 'switchboard-view' }, bar, control.bar, place);
  let current = SECTIONS[0]?.id ?? '';
  bar.addEventListener('keydown', moveFocus);
  backend.onChange(refresh);
  control.load().finally(() => show(current));
  return { root, refresh };

  function refresh(): void {
    // A hidden view fetches nothing.
    if (!root.isConnected || root.offsetParent === null) return;
    // What may be done is known before it is drawn.
    control.load().then(() => mounted.get(current)?.refresh());
    messages.counts().then(
      (counts) => {
        for (const [index, { label, count }] of SECTIONS.entries()) {
          const tab = tabs[index];
          if (tab && count) fill(tab, t(label), counts[count] > 0 && element('span', {}, String(counts[count])));
        }
      },
      () => undefined,
    );
  }

  function show(id: string, search?: string): void {
    const section = SECTIONS.find((one) => one.id === id);
    if (!section) return;
    current = id;
    for (const tab of tabs) {
      const chosen = tab.dataset.section === id;
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen) place.setAttribute('aria-label', tab.textContent ?? '');
    }
    let one = mounted.get(id);
    if (!one) {
      one = section.mount({ backend, show });
      mounted.set(id, one);
    }
    place.replaceChildren(one.root);
    if (search !== undefined && one.find) one.find(search);
    else refresh();
  }

  function moveFocus(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = tabs.findIndex((tab) => tab.dataset.section === current);
    const next = step && tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    show(next.dataset.section ?? '');
    next.focus();
  }
}
