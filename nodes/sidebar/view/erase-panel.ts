import type { ErasureRequest, ErasureView } from '../views.js';
import { ALL, permissionNote, permitted } from './access.js';
import type { Backend } from './backend.js';
import { errorText, MessageApi } from './backend.js';
import { button, element, fill } from './element.js';

/** Erases people's data: what to look for, what was found, and a confirmation that has to be typed. `find`: shows the messages of a ticket. */
export function erasePanel(backend: Backend, find: (number: string) => void, done: () => void): HTMLElement {
  const { t, access = ALL } = backend;
  const messages = new MessageApi(backend);
  const kind = element(
    'select',
    { 'aria-label': t('erase.what') },
    element('option', { value: 'person' }, t('erase.person')),
    element('option', { value: 'ticket' }, t('erase.ticket')),
  );
  const texts = element('textarea', { rows: '2' });
  const caption = element('span', {});
  const label = element('label', {}, caption, texts);
  const limits = element('p', { class: 'switchboard-muted' }, t('erase.limits'));
  const result = element('div', { class: 'switchboard-result', role: 'status' });
  const look = button(t('erase.look'), 'switchboard-button', () => void preview());
  const form = element('div', { class: 'switchboard-erase', hidden: true }, kind, label, limits, look, result);
  const open = button(t('erase.open'), 'switchboard-link', () => {
    form.hidden = !form.hidden;
    open.setAttribute('aria-expanded', String(!form.hidden));
    if (!form.hidden) kind.focus();
  });
  open.setAttribute('aria-expanded', 'false');
  // What was confirmed must be what was looked for.
  for (const input of [kind, texts]) input.addEventListener('input', () => result.replaceChildren());
  kind.addEventListener('input', showCaption);
  showCaption();
  return element(
    'div',
    { class: 'switchboard-erase-panel' },
    permitted(open, access.write, t),
    permissionNote(access.write, t),
    form,
  );

  function showCaption(): void {
    caption.textContent = t(`erase.texts_${kind.value}`);
  }

  function request(): ErasureRequest {
    const lines = texts.value.split('\n').filter((line) => line.trim());
    return kind.value === 'ticket' ? { ticket: lines } : { person: lines };
  }

  async function preview(): Promise<void> {
    const asked = request();
    const found = await attempt(() => messages.previewErasure(asked));
    if (!found) return;
    const count = erasable(found);
    const confirm = element('input', { type: 'text', inputmode: 'numeric', 'aria-label': t('erase.confirm', { count }) });
    const go = button(t('erase.go'), 'switchboard-button switchboard-primary', () => void erase(asked, count));
    go.disabled = true;
    confirm.addEventListener('input', () => {
      go.disabled = confirm.value.trim() !== String(count);
    });
    // As long as tickets name the person, it is no use to erase only where else that name is.
    const isRefused = count === 0 && found.tickets.length > 0;
    const isAny = !isRefused && count + found.values + found.entries > 0;
    const summary = count > 0 ? 'erase.found' : isRefused ? 'erase.refused' : 'erase.nothing';
    fill(
      result,
      element('p', {}, t(summary, { count }), ' ', isAny && alsoIn(found)),
      found.warning && element('p', { class: 'switchboard-failure' }, found.warning),
      ticketList(found),
      isAny && element('label', {}, t('erase.confirm', { count }), ' ', confirm),
      isAny && go,
    );
    if (isAny) confirm.focus();
  }

  async function erase(asked: ErasureRequest, count: number): Promise<void> {
    result.replaceChildren(t('erase.running'));
    const erased = await attempt(() => messages.erase(asked, count));
    if (!erased) return;
    fill(result, element('p', {}, t('erase.done', { count: erasable(erased) }), ' ', alsoIn(erased)), ticketList(erased));
    texts.value = '';
    done();
  }

  function alsoIn({ values, entries }: ErasureView): string {
    const also = [values > 0 && t('erase.values', { count: values }), entries > 0 && t('erase.entries', { count: entries })];
    return also.filter((text) => text !== false).join(' ');
  }

  function ticketList({ tickets }: ErasureView): HTMLElement {
    const lines = tickets.map(({ numbers, title, messages: count, refused }) =>
      element(
        'li',
        {},
        // What has to be done first is done in the messages of the ticket.
        ...(refused
          ? numbers.flatMap((number, at) => [at > 0 && ' · ', button(number, 'switchboard-link', () => find(number))])
          : [element('b', {}, numbers.join(' · '))]),
        ` ${title ?? ''} (${t('erase.messages', { count })})`,
        refused && element('span', { class: 'switchboard-failure' }, ` ${refused}`),
      ),
    );
    return element('ul', {}, ...lines);
  }

  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      result.replaceChildren(element('span', { class: 'switchboard-failure' }, errorText(error, t)));
      return undefined;
    }
  }
}

const erasable = ({ tickets }: ErasureView): number => tickets.filter(({ refused }) => !refused).length;
