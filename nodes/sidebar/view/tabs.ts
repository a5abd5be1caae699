import { conversationsView } from '../conversations/conversations-view.js';
import type { Backend } from './backend.js';
import { button, element } from './element.js';
import { messagesView } from './messages-view.js';

export interface View {
  root: HTMLElement;
  /** To be called when the view has become visible. */
  refresh(): void;
}

export interface Tab {
  id: string;
  label: string;
  mount(backend: Backend): View;
}

const TABS: Tab[] = [
  { id: 'messages', label: 'tabs.messages', mount: messagesView },
  { id: 'conversations', label: 'tabs.conversations', mount: conversationsView },
];

/** The views one beside the other under a bar of tabs; one is made when it is first shown. */
export function tabbedView(backend: Backend, tabs: Tab[] = TABS): View {
  const { t } = backend;
  const views = new Map<string, View>();
  const bar = element('div', { class: 'switchboard-tabs', role: 'tablist' });
  const body = element('div', { class: 'switchboard-tab-body' });
  const root = element('div', { class: 'switchboard-tabbed' }, bar, body);
  const buttons = tabs.map((tab) => {
    const control = button(t(tab.label), 'switchboard-tab', () => show(tab));
    control.setAttribute('role', 'tab');
    control.id = `switchboard-tab-${tab.id}`;
    return control;
  });
  let shown = tabs[0] as Tab;
  bar.append(...buttons);
  bar.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (!step) return;
    const tab = tabs[(tabs.indexOf(shown) + step + tabs.length) % tabs.length] as Tab;
    show(tab);
    buttons[tabs.indexOf(tab)]?.focus();
  });
  show(shown);
  return { root, refresh: () => views.get(shown.id)?.refresh() };

  function show(tab: Tab): void {
    shown = tab;
    const view = views.get(tab.id) ?? tab.mount(backend);
    views.set(tab.id, view);
    view.root.setAttribute('role', 'tabpanel');
    view.root.setAttribute('aria-labelledby', `switchboard-tab-${tab.id}`);
    for (const [index, control] of buttons.entries()) {
      const chosen = tabs[index] === tab;
      control.setAttribute('aria-selected', String(chosen));
      control.tabIndex = chosen ? 0 : -1;
    }
    body.replaceChildren(view.root);
    view.refresh();
  }
}
