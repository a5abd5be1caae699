import type { AuditEntry } from '../views.js';
import { errorText, MessageApi } from './backend.js';
import { button, element, fill } from './element.js';
import { time } from './row.js';
import type { MountedSection, SectionContext } from './section.js';

/** The audit list: who did what, newest first. */
export function auditView({ backend, show }: SectionContext): MountedSection {
  const { t } = backend;
  const messages = new MessageApi(backend);
  const notice = element('p', { class: 'switchboard-notice', role: 'status' }, t('list.loading'));
  const list = element('ol', { class: 'switchboard-audit', 'aria-label': t('section.audit') });
  const root = element('div', { class: 'switchboard-scroll switchboard-padded' }, notice, list);
  return { root, refresh };

  function refresh(): void {
    messages.audit().then(
      (entries) => {
        notice.textContent = entries.length === 0 ? t('audit.none') : '';
        fill(list, ...entries.map(line));
      },
      (error) => {
        notice.textContent = errorText(error, t);
      },
    );
  }

  function line({ at, by, action, target, reason }: AuditEntry): HTMLElement {
    const { kind, name, count } = target;
    const what = count === undefined ? t(`audit.${kind}`) : t('audit.many', { count });
    const found = count === undefined && (kind === 'message' || kind === 'delivery');
    return element(
      'li',
      {},
      element('span', { class: 'switchboard-row-top' }, element('b', {}, by || t('audit.unknownUser')), time(at)),
      element(
        'span',
        {},
        `${t(`audit.did_${action}`)} ${what} `,
        found ? button(name, 'switchboard-link', () => show('messages', name)) : name,
      ),
      reason && element('span', { class: 'switchboard-muted' }, reason),
    );
  }
}
