import type { AuditEntry } from '../views.js';
import { errorText, MessageApi } from './backend.js';
import { button, element, fill } from './element.js';
import { erasePanel } from './erase-panel.js';
import { time } from './row.js';
import type { MountedSection, SectionContext } from './section.js';

/** The audit list: who did what, newest first. */
export function auditView({ backend, show }: SectionContext): MountedSection {
  const { t } = backend;
  const messages = new MessageApi(backend);
  const notice = element('p', { class: 'switchboard-notice', role: 'status' }, t('list.loading'));
  const list = element('ol', { class: 'switchboard-audit', 'aria-label': t('section.audit') });
  const all = element('input', { type: 'checkbox' });
  all.addEventListener('change', refresh);
  const more = element('label', {}, all, ` ${t('audit.all')}`);
  const root = element(
    'div',
    { class: 'switchboard-scroll switchboard-padded' },
    erasePanel(backend, refresh),
    more,
    notice,
    list,
  );
  return { root, refresh };

  function refresh(): void {
    messages.audit(all.checked).then(
      (entries) => {
        notice.textContent = entries.length === 0 ? t('audit.none') : '';
        fill(list, ...entries.map(line));
      },
      (error) => {
        notice.textContent = errorText(error, t);
      },
    );
  }

  function line({ at, by, source, action, outcome, target, reason }: AuditEntry): HTMLElement {
    const { kind, id, name, count } = target;
    const what = count === undefined || kind === 'conversation' ? t(`audit.${kind}`) : t('audit.many', { count });
    const found = count === undefined && (kind === 'message' || kind === 'delivery');
    return element(
      'li',
      {},
      element(
        'span',
        { class: 'switchboard-row-top' },
        element('b', {}, by || t(source === 'view' ? 'audit.unknownUser' : `audit.by_${source}`)),
        time(at),
      ),
      element(
        'span',
        {},
        `${t(`audit.did_${action}`)} ${what} `,
        found && name ? button(name, 'switchboard-link', () => show('messages', name)) : (name ?? id),
        outcome !== 'done' && element('span', { class: 'switchboard-failure' }, ` ${t(`audit.${outcome}`)}`),
      ),
      reason && element('span', { class: 'switchboard-muted' }, reason),
    );
  }
}
