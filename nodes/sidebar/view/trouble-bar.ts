import type { EndpointView } from '../views.js';
import type { Backend } from './backend.js';
import { button, element, fill } from './element.js';
import { time } from './row.js';

/** With more endpoints in trouble, only their number is shown, until the user wants to see them. */
const MOST = 2;

export interface TroubleBar {
  root: HTMLElement;
  show(endpoints: readonly EndpointView[]): void;
}

/** Whether something hinders sending to an endpoint, or receiving from it. */
export function isInTrouble({ state, intake }: EndpointView): boolean {
  return state !== 'up' || intake.length > 0;
}

/** Endpoints with problems in sending or receiving, because they explain waiting and missing messages: one line each, a click shows all of it. */
export function troubleBar(t: Backend['t'], showEndpoints: () => void): TroubleBar {
  const root = element('div', { class: 'switchboard-stopped', role: 'status' });
  /** What the user has unfolded: ids of endpoints, and '' for the list of them. It is redrawn on every change. */
  const open = new Set<string>();
  let shown: readonly EndpointView[] = [];
  const toggle = (what: string) => {
    if (!open.delete(what)) open.add(what);
    draw();
  };
  return {
    root,
    show(endpoints) {
      shown = endpoints.filter(isInTrouble);
      draw();
    },
  };

  function draw(): void {
    const isMany = shown.length > MOST;
    const lines = !isMany || open.has('') ? shown.map(line) : [];
    const focused = root.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.of : undefined;
    fill(root, isMany && row('', t('stopped.many', { count: shown.length })), ...lines);
    if (focused !== undefined) root.querySelector<HTMLElement>(`[data-of="${CSS.escape(focused)}"]`)?.focus();
  }

  function line(view: EndpointView): HTMLElement {
    const { id, name, state, waiting, intake } = view;
    const receiving = intake.map(
      ({ part, name: node, reason }) => `${t(`intake.${part}`, { name: node, endpoint: name })} ${reason}`,
    );
    const sending = state !== 'up' && t(`stopped.${state}`, { name, count: waiting });
    const since = sinceOf(view);
    const reason = reasonOf(view);
    return row(
      id,
      sending && `${sending} `,
      sending && since && `${t('intake.since')} `,
      sending && since && time(since),
      sending && reason && `: ${reason}`,
      // What cannot be sent is not received either, for the same reason.
      (!sending || open.has(id)) && ` ${receiving.join(' ')}`,
      !sending && intake[0] && ` ${t('intake.since')} `,
      !sending && intake[0] && time(intake[0].since),
    );
  }

  function row(what: string, ...text: Parameters<typeof fill>[1][]): HTMLElement {
    const isOpen = open.has(what);
    const control = button('', 'switchboard-trouble', () => toggle(what));
    fill(control, ...text);
    control.dataset.of = what;
    control.title = control.textContent ?? '';
    control.setAttribute('aria-expanded', String(isOpen));
    return element('div', {}, control, button(t('stopped.show'), 'switchboard-link', showEndpoints));
  }
}

function sinceOf({ suspended, paused, downSince }: EndpointView): string | undefined {
  return suspended?.at ?? paused?.since ?? downSince;
}

function reasonOf({ suspended, paused, lastError }: EndpointView): string | undefined {
  return suspended ? suspended.reason : (paused?.reason ?? lastError?.message);
}
