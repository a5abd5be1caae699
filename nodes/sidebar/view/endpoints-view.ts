import type { EndpointView } from '../views.js';
import { ALL, permissionNote, permitted } from './access.js';
import { errorText, MessageApi } from './backend.js';
import { button, element, fill } from './element.js';
import { chip, time } from './row.js';
import type { MountedSection, SectionContext } from './section.js';
import { isInTrouble } from './trouble-bar.js';

/** The endpoints with their state, to suspend and resume. */
export function endpointsView({ backend }: SectionContext): MountedSection {
  const { t } = backend;
  const messages = new MessageApi(backend);
  const notice = element('p', { class: 'switchboard-notice', role: 'status' }, t('list.loading'));
  const list = element('ul', { class: 'switchboard-cards', 'aria-label': t('section.endpoints') });
  const root = element('div', { class: 'switchboard-scroll switchboard-padded' }, notice, list);
  return { root, refresh };

  function refresh(): void {
    // An open form must not be redrawn.
    if (list.querySelector('.switchboard-primary')) return;
    messages.endpoints().then(
      (views) => {
        notice.textContent = views.length === 0 ? t('endpoints.none') : '';
        // Those in trouble first; otherwise by name, as they come.
        const sorted = [...views].sort((one, other) => Number(isInTrouble(other)) - Number(isInTrouble(one)));
        fill(list, ...sorted.map(card));
      },
      (error) => {
        notice.textContent = errorText(error, t);
      },
    );
  }

  function card(view: EndpointView): HTMLElement {
    const { name, system, state, inFlight, waiting, resumesAt, suspended, paused, downSince, lastError, intake, formerSecrets } =
      view;
    const by = suspended?.by || t('audit.unknownUser');
    return element(
      'li',
      { class: 'switchboard-card', 'data-endpoint': view.id },
      element('div', { class: 'switchboard-row-top' }, element('b', {}, name), chip(state, t)),
      element('div', { class: 'switchboard-muted' }, `${system} · ${t('endpoints.load', { waiting, inFlight })}`),
      downSince && element('div', {}, `${t('endpoints.downSince')} `, time(downSince)),
      resumesAt && element('div', { class: 'switchboard-muted' }, `${t('detail.nextTry')} `, time(resumesAt)),
      lastError &&
        element(
          'p',
          { class: `switchboard-reason ${downSince ? 'switchboard-failure' : 'switchboard-muted'}` },
          `${t('endpoints.lastError')} `,
          time(lastError.at),
          ` ${lastError.message}`,
        ),
      suspended &&
        element('p', { class: 'switchboard-reason' }, `${t('endpoints.suspendedBy', { name: by })} `, time(suspended.at)),
      suspended?.reason && element('p', { class: 'switchboard-reason' }, suspended.reason),
      paused &&
        element(
          'p',
          { class: 'switchboard-reason switchboard-failure' },
          `${paused.reason} ${t('intake.since')} `,
          time(paused.since),
        ),
      ...intake.map((trouble) =>
        element(
          'p',
          { class: 'switchboard-reason switchboard-failure' },
          `${t(`intake.${trouble.part}`, { name: trouble.name, endpoint: name })} ${trouble.reason} ${t('intake.since')} `,
          time(trouble.since),
        ),
      ),
      ...formerSecrets.map((former) =>
        element(
          'div',
          { class: 'switchboard-muted' },
          `${t(former.lastUsed ? 'endpoints.formerUsed' : 'endpoints.formerUnused', { name: former.name })} `,
          time(former.lastUsed ?? former.since),
        ),
      ),
      actions(view),
    );
  }

  function actions({ id, state, hasCallback }: EndpointView): HTMLElement {
    const { write } = backend.access ?? ALL;
    const bar = element('div', { class: 'switchboard-actions' });
    const run = (work: () => Promise<unknown>) =>
      work().then(
        () => {
          fill(bar);
          refresh();
        },
        (error) => fill(bar, element('div', { class: 'switchboard-failure', role: 'alert' }, errorText(error, t))),
      );
    const offer = () =>
      fill(
        bar,
        permitted(
          state === 'suspended'
            ? button(t('endpoints.resume'), 'switchboard-button', () => run(() => messages.resume(id)))
            : button(t('endpoints.suspend'), 'switchboard-button', ask),
          write,
          t,
        ),
        hasCallback &&
          permitted(
            button(t('endpoints.renewSecret'), 'switchboard-button', () => run(() => messages.renewSecret(id))),
            write,
            t,
          ),
        permissionNote(write, t),
      );
    const ask = () => {
      const label = t('endpoints.reason');
      const reason = element('input', { type: 'text', 'aria-label': label, placeholder: label, maxlength: '500' });
      const go = button(t('endpoints.suspend'), 'switchboard-button switchboard-primary', () =>
        run(() => messages.suspend(id, reason.value)),
      );
      reason.addEventListener('keydown', (event) => {
        if (event.key === 'Enter') go.click();
      });
      fill(
        bar,
        element('p', {}, t('endpoints.ask')),
        reason,
        go,
        button(t('action.cancel'), 'switchboard-button', () => {
          offer();
          bar.querySelector('button')?.focus();
        }),
      );
      reason.focus();
    };
    offer();
    return bar;
  }
}
