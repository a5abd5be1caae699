import type { Action } from '../views.js';
import { type Backend, type Messages, wordsFor } from './backend.js';
import { button, element } from './element.js';

interface Target {
  kind: 'messages' | 'deliveries';
  id: string;
  actions: Action[];
}

/**
 * The buttons "Replay" and "Skip". A press asks in place what is about to happen; skipping asks for a reason, which is kept with the
 * message for whoever looks later.
 */
export function actionBar(target: Target, messages: Messages, t: Backend['t'], done: () => void): HTMLElement | undefined {
  if (target.actions.length === 0) return undefined;
  const bar = element('div', { class: 'switchboard-actions' });
  choose();
  return bar;

  function choose(): void {
    bar.replaceChildren(
      ...target.actions.map((action) => button(t(`action.${action}`), 'switchboard-button', () => ask(action))),
    );
  }

  function ask(action: Action): void {
    const kind = target.kind === 'messages' ? 'message' : 'delivery';
    const reason = element('input', {
      type: 'text',
      'aria-label': t('action.reason'),
      placeholder: t('action.reason'),
      maxlength: '500',
    });
    const trouble = element('div', { class: 'switchboard-trouble', role: 'alert' });
    const go = button(t(`action.${action}`), 'switchboard-button switchboard-primary', () => {
      for (const control of [go, no]) control.disabled = true;
      messages.act(target.kind, target.id, action, reason.value || undefined).then(done, (error) => {
        trouble.textContent = wordsFor(error, t);
        for (const control of [go, no]) control.disabled = false;
      });
    });
    const no = button(t('action.cancel'), 'switchboard-button', choose);
    reason.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') go.click();
    });
    bar.replaceChildren(element('p', {}, t(`action.${action}_${kind}`)), action === 'skip' ? reason : '', go, no, trouble);
    (action === 'skip' ? reason : go).focus();
  }
}
