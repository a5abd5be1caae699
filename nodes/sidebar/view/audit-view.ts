import type { AuditEntry } from '../views.js';
import { ALL, EXPORT, permissionNote, permitted } from './access.js';
import { errorText, MessageApi } from './backend.js';
import { download } from './download.js';
import { button, element, fill } from './element.js';
import { erasePanel } from './erase-panel.js';
import { reasonText } from './fixed-text.js';
import type { MountedSection, SectionContext } from './section.js';
import { shortTime } from './time.js';

/** The audit list: who did what, newest first. */
export function auditView({ backend, show }: SectionContext): MountedSection {
  const { t, access = ALL } = backend;
  const messages = new MessageApi(backend);
  const notice = element('p', { class: 'switchboard-notice', role: 'status' }, t('list.loading'));
  const list = element('ol', { class: 'switchboard-audit', 'aria-label': t('section.audit') });
  const all = element('input', { type: 'checkbox' });
  all.addEventListener('change', refresh);
  const more = element('label', {}, all, ` ${t('audit.all')}`);
  const exportAll = permitted(button(t('audit.export'), 'switchboard-button', exported), access.export, t, EXPORT);
  const root = element(
    'div',
    { class: 'switchboard-scroll switchboard-padded' },
    erasePanel(backend, (number) => show('messages', number), refresh),
    element('div', { class: 'switchboard-audit-bar' }, more, exportAll),
    permissionNote(access.export, t, EXPORT),
    element('p', { class: 'switchboard-muted' }, t('audit.times')),
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

  function exported(): void {
    exportAll.disabled = true;
    messages
      .auditFile()
      .then(
        (lines) => {
          download('audit.jsonl', lines, 'application/x-ndjson');
          refresh();
        },
        (error) => {
          notice.textContent = errorText(error, t);
        },
      )
      .finally(() => {
        exportAll.disabled = false;
      });
  }

  function line({ at, by, source, action, outcome, target, endpoint, reason, search, people, store }: AuditEntry): HTMLElement {
    const { kind, id, name, count } = target;
    const isSingle = count === undefined || kind === 'conversation';
    const what = isSingle ? t(`audit.${kind}`) : t(`audit.many_${kind}`, { count });
    const found = count === undefined && (kind === 'message' || kind === 'delivery');
    return element(
      'li',
      {},
      element(
        'span',
        { class: 'switchboard-row-top' },
        element('b', {}, by || t(source === 'view' ? 'audit.unknownUser' : `audit.by_${source}`)),
        element('time', { datetime: at, title: `${at} (UTC)`, class: 'switchboard-time' }, shortTime(at)),
      ),
      element(
        'span',
        {},
        `${t(`audit.did_${action}`)} ${what} `,
        found && name ? button(name, 'switchboard-link', () => show('messages', name)) : (name ?? (isSingle ? id : '')),
        endpoint && ` ${t('audit.to', { endpoint })}`,
        search && ` "${search}"`,
        people && ` ${t('audit.people')}`,
        store && ` ${t('audit.store', { store })}`,
        outcome !== 'done' && element('span', { class: 'switchboard-failure' }, ` ${t(`audit.${outcome}`)}`),
      ),
      reason && element('span', { class: 'switchboard-muted' }, reasonText(reason, t)),
    );
  }
}
