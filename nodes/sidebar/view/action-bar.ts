import type { DecisionKind } from '../../../src/errors.js';
import type { Json } from '../../../src/model/message.js';
import type { Action } from '../views.js';
import { type ActionBody, type Backend, errorText, type MessageApi } from './backend.js';
import { button, element, fill } from './element.js';

interface Target {
  kind: 'messages' | 'deliveries';
  id: string;
  actions: Action[];
  /** The question that the actions answer. */
  decision?: DecisionKind;
  /** What may be edited. */
  payload?: Json;
}

export interface ActionContext {
  t: Backend['t'];
  backend: Backend;
  messages: MessageApi;
  /** Something was done. */
  acted: () => void;
}

/**
 * The buttons of a message or delivery. A press asks in place what is about to happen; skipping asks for a reason, which is kept with the
 * message for whoever looks later; editing shows what was changed before it is sent. While it waits for an answer it has `data-busy`: it must not be drawn
 * over.
 */
export function actionBar(target: Target, { t, backend, messages, acted }: ActionContext): HTMLElement | undefined {
  if (target.actions.length === 0) return undefined;
  const kind = target.kind === 'messages' ? 'message' : 'delivery';
  const bar = element('div', { class: 'switchboard-actions' });
  choose();
  return bar;

  function choose(): void {
    const start: Record<Action, () => void> = {
      replay: () => confirm('replay', question('replay')),
      sendAgain: () => confirm('sendAgain', question('sendAgain')),
      edit: () => edit(JSON.stringify(target.payload, null, 2)),
      skip: () => confirm('skip', question('skip'), reasonField()),
      // Harmless, and taken back with a press: nothing is asked first.
      seen: () => run('seen', {}, again),
      undo: () => run('undo', {}, again),
    };
    const offered = target.actions.filter((action) => action !== 'edit' || target.payload !== undefined);
    bar.removeAttribute('data-busy');
    fill(bar, ...offered.map((action) => button(label(action), 'switchboard-button', start[action])));
  }

  /** An answer is named by what it says to the question. */
  function label(action: Action): string {
    const answers = target.decision && action !== 'edit' && action !== 'undo';
    return t(answers ? `decision.${target.decision}.${action}` : `action.${action}`);
  }

  function question(action: 'replay' | 'sendAgain' | 'skip'): string {
    if (action === 'sendAgain') return t('decision.sure');
    return t(target.decision ? 'decision.confirm' : `action.${action}_${kind}`);
  }

  /** The buttons as at first; whoever pressed one stays here with the keyboard. */
  function again(): void {
    choose();
    bar.querySelector('button')?.focus();
  }

  function reasonField(): HTMLInputElement {
    const label = t('action.reason');
    return element('input', { type: 'text', 'aria-label': label, placeholder: label, maxlength: '500' });
  }

  function confirm(action: Action, question: string, reason?: HTMLInputElement): void {
    const go = button(label(action), 'switchboard-button switchboard-primary', () =>
      run(action, { reason: reason?.value || undefined }, () => confirm(action, question, reason)),
    );
    reason?.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') go.click();
    });
    bar.setAttribute('data-busy', '');
    fill(bar, element('p', {}, question), reason, go, button(t('action.cancel'), 'switchboard-button', again));
    (reason ?? go).focus();
  }

  function edit(text: string): void {
    bar.setAttribute('data-busy', '');
    fill(bar, element('p', { class: 'switchboard-muted' }, t('action.editing')));
    backend.editJson(t(`action.edit_${kind}`), text, (changed) => {
      if (changed === undefined) {
        again();
        return;
      }
      let payload: Json;
      try {
        payload = JSON.parse(changed);
      } catch (error) {
        draft(
          changed,
          element('p', { class: 'switchboard-error', role: 'alert' }, t('action.notJson', { error: String(error) })),
        );
        return;
      }
      draft(changed, changes(target.payload, payload, t), payload);
    });
  }

  /** What was typed, to be sent, changed further or thrown away. */
  function draft(text: string, said: HTMLElement, payload?: Json): void {
    const go =
      payload !== undefined &&
      button(t('action.sendEdited'), 'switchboard-button switchboard-primary', () =>
        run('edit', { payload }, () => draft(text, said, payload)),
      );
    fill(
      bar,
      said,
      go,
      button(t('action.editFurther'), 'switchboard-button', () => edit(text)),
      button(t('action.cancel'), 'switchboard-button', again),
    );
    if (go) go.focus();
  }

  function run(action: Action, body: ActionBody, back: () => void): void {
    for (const control of bar.querySelectorAll('button')) control.disabled = true;
    messages.act(target.kind, target.id, action, body).then(
      () => {
        bar.removeAttribute('data-busy');
        acted();
      },
      (error) => {
        back();
        bar.append(element('div', { class: 'switchboard-error', role: 'alert' }, errorText(error, t)));
      },
    );
  }
}

const MOST_CHANGES = 8;

/** Which lines of two payloads differ, as far as a person needs it to see that the right thing was changed. */
function changes(before: Json | undefined, after: Json, t: Backend['t']): HTMLElement {
  const [old, now] = [flat(before), flat(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].filter((name) => old.get(name) !== now.get(name));
  if (names.length === 0) return element('p', {}, t('action.unchanged'));
  const lines = names.slice(0, MOST_CHANGES).map((name) => change(name, old.get(name), now.get(name), t));
  const rest = names.length - lines.length;
  return element(
    'ul',
    { class: 'switchboard-changes' },
    ...lines,
    rest > 0 && element('li', {}, t('edits.more', { count: rest })),
  );
}

/** One changed field: what it was, struck out, and what it is now. */
export function change(name: string, from: string | undefined, to: string | undefined, t: Backend['t']): HTMLElement {
  return element(
    'li',
    {},
    element('code', {}, name || t('edits.whole')),
    from !== undefined && element('del', {}, from),
    ' ',
    to !== undefined ? element('ins', {}, to) : element('i', {}, t('edits.removed')),
  );
}

function flat(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, String(value)]]);
  const entries = Object.entries(value);
  return new Map(entries.flatMap(([name, one]) => [...flat(one, path ? `${path}.${name}` : name)]));
}
