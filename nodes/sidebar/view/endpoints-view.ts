import type { EndpointView, MisconfiguredEndpoint } from '../views.js';
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

  /** An open form must not be redrawn. */
  function hasOpenForm(): boolean {
    return list.querySelector('.switchboard-primary') !== null;
  }

  function refresh(): void {
    if (hasOpenForm()) return;
    Promise.all([messages.endpoints(), messages.misconfiguredEndpoints()]).then(
      ([views, misconfigured]) => {
        if (hasOpenForm()) return;
        notice.textContent = views.length + misconfigured.length === 0 ? t('endpoints.none') : '';
        // Those in trouble first; otherwise by name, as they come.
        const sorted = [...views].sort((one, other) => Number(isInTrouble(other)) - Number(isInTrouble(one)));
        fill(list, ...misconfigured.map(misconfiguredCard), ...sorted.map(card));
      },
      (error) => {
        notice.textContent = errorText(error, t);
      },
    );
  }

  function misconfiguredCard({ id, name, since, reason }: MisconfiguredEndpoint): HTMLElement {
    return element(
      'li',
      { class: 'switchboard-card', 'data-endpoint': id },
      element('div', { class: 'switchboard-row-top' }, element('b', {}, name), chip('misconfigured', t), time(since)),
      element('p', { class: 'switchboard-reason switchboard-failure' }, reason),
    );
  }

  function card(view: EndpointView): HTMLElement {
    const { name, system, state, inFlight, waiting, resumesAt, suspended, paused, downSince, lastError, intake } = view;
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
      ...secretLines(view),
      actions(view),
    );
  }

  /** Where the partner sends changes, and which secrets it may use. */
  function secretLines({ callbacks, formerSecrets }: EndpointView): HTMLElement[] {
    const line = (key: string, name: string, at?: string) =>
      element('div', { class: 'switchboard-muted' }, `${t(`endpoints.${key}`, { name })} `, at !== undefined && time(at));
    return [
      ...callbacks.map(({ name, registered, since }) => line(registered ? 'registered' : 'unregistered', name, since)),
      ...formerSecrets.map(({ name, lastUsed, since, after }) =>
        line(lastUsed ? 'formerUsed' : `formerUnused.${after}`, name, lastUsed ?? since),
      ),
    ];
  }

  function actions({ id, state, callbacks }: EndpointView): HTMLElement {
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
            : button(t('endpoints.suspend'), 'switchboard-button', askSuspend),
          write,
          t,
        ),
        callbacks.length > 0 && permitted(button(t('endpoints.renewSecret'), 'switchboard-button', askRenew), write, t),
        permissionNote(write, t),
      );
    /** Says what an action does before it is done; `input`: what the user may enter. */
    const ask = (action: 'suspend' | 'renewSecret', work: () => Promise<unknown>, input?: HTMLInputElement) => {
      const go = button(t(`endpoints.${action}`), 'switchboard-button switchboard-primary', () => run(work));
      input?.addEventListener('keydown', (event) => {
        if (event.key === 'Enter') go.click();
      });
      const cancel = button(t('action.cancel'), 'switchboard-button', () => {
        offer();
        bar.querySelector('button')?.focus();
      });
      fill(bar, element('p', {}, t(`endpoints.ask.${action}`)), input, go, cancel);
      (input ?? go).focus();
    };
    const askSuspend = () => {
      const label = t('endpoints.reason');
      const reason = element('input', { type: 'text', 'aria-label': label, placeholder: label, maxlength: '500' });
      ask('suspend', () => messages.suspend(id, reason.value), reason);
    };
    const askRenew = () => ask('renewSecret', () => messages.renewSecret(id));
    offer();
    return bar;
  }
}
