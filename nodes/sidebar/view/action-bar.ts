import type { DecisionKind } from '../../../src/errors.js';
import type { Json } from '../../../src/model/message.js';
import type { Action, ShownState } from '../views.js';
import { ALL, EXPORT, permissionNote, permitted } from './access.js';
import { type ActionBody, type Backend, errorText, type MessageApi } from './backend.js';
import { button, element, fill } from './element.js';

interface Target {
  kind: 'messages' | 'deliveries';
  id: string;
  actions: Action[];
  state: ShownState;
  /** The kind of decision that the actions answer. */
  decision?: DecisionKind;
  /** The payload to edit. */
  payload?: Json;
}

export interface ActionContext {
  t: Backend['t'];
  backend: Backend;
  messages: MessageApi;
  /** Called after an action. */
  acted: () => void;
}

/**
 * The buttons of a message or delivery. Each asks for confirmation in place; skipping asks for a reason, which is stored with the
 * message; editing shows the changes before they are sent. While it waits for the user it has `data-busy` and must not be
 * redrawn.
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
      // Harmless and easy to undo, so without confirmation.
      seen: () => run('seen', {}, again),
      undo: () => run('undo', {}, again),
    };
    const offered = target.actions.filter((action) => action !== 'edit' || target.payload !== undefined);
    bar.removeAttribute('data-busy');
    const { write, export: mayExport } = backend.access ?? ALL;
    const isMasked = write && backend.isClear === false && offered.includes('edit');
    fill(
      bar,
      ...offered.map(offer),
      permissionNote(write, t),
      isMasked && element('p', { class: 'switchboard-muted' }, maskedText()),
    );

    function offer(action: Action): HTMLButtonElement {
      const made = permitted(button(label(action), 'switchboard-button', start[action]), write, t);
      if (action !== 'edit' || !isMasked) return made;
      made.disabled = true;
      made.title = maskedText();
      return made;
    }

    /** What is masked must not be sent. */
    function maskedText(): string {
      return mayExport ? t('access.editMasked') : t('access.editNeeds', { permission: EXPORT });
    }
  }

  /** The label of an answer depends on the decision. */
  function label(action: Action): string {
    const answers = target.decision && action !== 'edit' && action !== 'undo';
    return t(answers ? `decision.${target.decision}.${action}` : `action.${action}`);
  }

  function question(action: 'replay' | 'sendAgain' | 'skip'): string {
    if (action === 'sendAgain') return t('decision.sure');
    if (action === 'skip' && target.state === 'unrouted') return t('action.skip_unrouted');
    return t(target.decision ? 'decision.confirm' : `action.${action}_${kind}`);
  }

  /** Back to the buttons, keeping the keyboard focus here. */
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
          element(
            'p',
            { class: 'switchboard-failure', role: 'alert' },
            t('action.notJson', { error: error instanceof Error ? error.message : String(error) }),
          ),
        );
        return;
      }
      draft(changed, changes(target.payload, payload, t), payload);
    });
  }

  /** The edited text, to be sent, edited further or discarded. */
  function draft(text: string, summary: HTMLElement, payload?: Json): void {
    const go =
      payload !== undefined &&
      button(t('action.sendEdited'), 'switchboard-button switchboard-primary', () =>
        run('edit', { payload }, () => draft(text, summary, payload)),
      );
    const further = button(t('action.editFurther'), 'switchboard-button', () => edit(text));
    const nothing = changedNames(target.payload, payload).length === 0;
    fill(bar, summary, go, further, button(t('action.cancel'), 'switchboard-button', again));
    if (go) go.disabled = nothing;
    (go && !nothing ? go : further).focus();
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
        bar.append(element('div', { class: 'switchboard-failure', role: 'alert' }, errorText(error, t)));
      },
    );
  }
}

const MAX_CHANGES = 8;

/** The first differences of two payloads, so that the user can check the edit. */
function changes(before: Json | undefined, after: Json, t: Backend['t']): HTMLElement {
  const [old, now] = [flat(before), flat(after)];
  const names = changedNames(before, after);
  if (names.length === 0) return element('p', {}, t('action.unchanged'));
  const lines = names.slice(0, MAX_CHANGES).map((name) => change(name, old.get(name), now.get(name), t));
  const rest = names.length - lines.length;
  return element(
    'ul',
    { class: 'switchboard-changes' },
    ...lines,
    rest > 0 && element('li', {}, t('edits.more', { count: rest })),
  );
}

function changedNames(before: Json | undefined, after: Json | undefined): string[] {
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((name) => old.get(name) !== now.get(name));
}

/** One changed field: the old value, struck out, and the new one. */
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
  if (entries.length === 0 && path) return new Map([[path, JSON.stringify(value)]]);
  return new Map(entries.flatMap(([name, one]) => [...flat(one, path ? `${path}.${name}` : name)]));
}
