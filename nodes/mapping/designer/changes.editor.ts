import type { Difference } from '../../../src/mapping/difference.js';
import type { Json } from '../../../src/model/message.js';
import { element } from '../../kit/editor/element.js';
import type { Changes, MessageChange } from './answers.js';
import { finished } from './document.js';
import type { Session } from './session.editor.js';

export interface ChangesPane {
  element: HTMLElement;
  /** Compares now, and again when rules change, until it is hidden. */
  show(visible: boolean): void;
}

/** Milliseconds without a key press before all messages are compared again. */
const PAUSE = 800;

/** The effect of the edited rules on recent messages, compared with the rules in use. */
export function changesPane(session: Session, id: string): ChangesPane {
  const { t } = session;
  const box = element('section', { class: 'switchboard-changes', 'aria-label': t('changes.title') });
  let visible = false;
  let timer: number | undefined;
  let asked = 0;
  session.on((reason) => {
    if (!visible || reason === 'selection') return;
    window.clearTimeout(timer);
    timer = window.setTimeout(run, PAUSE);
  });

  function run(): void {
    const request = ++asked;
    if (box.childElementCount === 0) box.replaceChildren(element('p', {}, t('changes.comparing')));
    session.api.changes(id, finished(session.mapping)).then(
      (changes) => request === asked && draw(changes),
      (error: Error) => request === asked && box.replaceChildren(notice('error', error.message)),
    );
  }

  function draw(changes: Changes): void {
    const open = new Set([...box.querySelectorAll<HTMLElement>('details[open]')].map(({ dataset }) => dataset.key));
    const { against, compared, changed, worse, better } = changes;
    const counts = element(
      'div',
      { class: 'switchboard-changes-counts' },
      count(compared, t('changes.compared')),
      count(changed, t('changes.changed'), changed ? 'switchboard-warning' : undefined),
      count(worse, t('changes.worse'), worse ? 'switchboard-error' : undefined),
      count(better, t('changes.better'), better ? 'switchboard-success' : undefined),
    );
    const affected = changes.messages.filter(isAffected);
    box.replaceChildren(
      ...(compared ? [counts] : []),
      element('p', {}, compared ? t(`changes.against.${against}`) : t('changes.noMessages')),
      ...(changes.cut ? [notice('warning', t('changes.cut'))] : []),
      ...(compared && affected.length === 0 ? [notice('success', t('changes.none'))] : []),
      ...affected.map((message) => messageView(message, open)),
    );
  }

  function count(number: number, label: string, className?: string): HTMLElement {
    return element('div', {}, element('b', { class: className }, String(number)), element('span', {}, label));
  }

  function messageView(message: MessageChange, open: Set<string | undefined>): HTMLElement {
    const { direction, number, title, endpoint, receivedAt, differences, newProblems, solvedProblems } = message;
    const key = `${direction} ${message.id}`;
    return element(
      'details',
      { 'data-key': key, open: open.has(key) },
      element(
        'summary',
        { title: new Date(receivedAt).toLocaleString() },
        element('span', { class: 'switchboard-changes-way' }, direction === 'in' ? '→' : '←'),
        element('b', {}, number),
        element('span', {}, [title, endpoint].filter(Boolean).join(' · ')),
        element('small', {}, t('changes.fields', { count: differences.length })),
      ),
      ...newProblems.map((text) => notice('error', text)),
      ...solvedProblems.map((text) => notice('success', t('changes.solved', { text }))),
      differences.length > 0 && table(differences),
    );
  }

  function table(differences: Difference[]): HTMLElement {
    return element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...['field', 'now', 'then'].map((name) => element('th', {}, t(`changes.${name}`))))),
      element(
        'tbody',
        {},
        ...differences.map(({ path, before, after }) =>
          element(
            'tr',
            {},
            element('th', {}, path),
            element('td', { class: 'switchboard-before' }, shown(before)),
            element('td', { class: 'switchboard-after' }, shown(after)),
          ),
        ),
      ),
    );
  }

  return {
    element: box,
    show(now) {
      visible = now;
      if (now) run();
      else window.clearTimeout(timer);
    },
  };
}

const SIGNS = { error: 'fa-exclamation-circle', warning: 'fa-exclamation-triangle', success: 'fa-check' };

function notice(level: keyof typeof SIGNS, text: string): HTMLElement {
  return element(
    'p',
    { class: `switchboard-${level}` },
    element('i', { class: `fa ${SIGNS[level]}`, 'aria-hidden': 'true' }),
    ` ${text}`,
  );
}

function isAffected({ differences, newProblems, solvedProblems }: MessageChange): boolean {
  return differences.length + newProblems.length + solvedProblems.length > 0;
}

function shown(value: Json | undefined): string {
  if (value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
