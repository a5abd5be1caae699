import type { WaitKind, WaitSummary } from '../views.js';
import type { Backend } from './backend.js';
import { button, element, fill } from './element.js';
import { wholeTime } from './time.js';

export interface WaitBar {
  root: HTMLElement;
  /** Shows how much waits for each reason; undefined: nothing. `chosen`: the reason that narrows the list. */
  show(summary: WaitSummary | undefined, chosen: WaitKind | undefined): void;
}

/** The reasons for which messages wait, with their numbers: a click narrows the list to one of them, another one shows all again. */
export function waitBar(t: Backend['t'], choose: (reason: WaitKind | undefined) => void): WaitBar {
  const root = element('div', { class: 'switchboard-waits', role: 'group', 'aria-label': t('waits.reasons'), hidden: true });
  return {
    root,
    show(summary, chosen) {
      const reasons = summary?.reasons ?? [];
      // A chosen reason stays, so that it can be switched off when nothing waits for it any more.
      const missing =
        chosen && !reasons.some(({ kind }) => kind === chosen) ? [{ kind: chosen, count: 0, since: undefined }] : [];
      const focused = (document.activeElement as HTMLElement | null)?.dataset.reason;
      const buttons = [...reasons, ...missing].map(({ kind, count, since }) => {
        const control = button(t(`waitKind.${kind}`), 'switchboard-filter', () => choose(kind === chosen ? undefined : kind));
        control.append(element('span', {}, `${count}${summary?.more ? '+' : ''}`));
        control.dataset.reason = kind;
        control.setAttribute('aria-pressed', String(kind === chosen));
        if (since) control.title = t('waits.oldest', { time: wholeTime(since) });
        return control;
      });
      root.hidden = buttons.length === 0;
      fill(root, ...buttons);
      buttons.find(({ dataset }) => dataset.reason === focused)?.focus();
    },
  };
}
