import { printableJson } from '../../../src/text/printable.js';
import type {
  ConversationDetail,
  Lane,
  LinkEditEffectView,
  LinkEditEntry,
  LinkEditPreview,
  LinkEditRequest,
} from '../conversation-views.js';
import { EXPORT, permitted, WRITE } from '../view/access.js';
import { type Backend, errorText } from '../view/backend.js';
import { download } from '../view/download.js';
import { button, element } from '../view/element.js';
import { time } from '../view/row.js';
import type { Access } from '../views.js';
import type { ConversationApi } from './conversation-api.js';
import { stateChip, ticket } from './lane-head.js';

export interface LinkEditContext {
  t: Backend['t'];
  conversations: ConversationApi;
  access: Access;
  /** Called after an edit, to redraw everything. */
  done: () => void;
}

export interface LinkEditPanel {
  root: HTMLElement;
  /** Starts to unlink or split off one ticket. */
  editLink(kind: 'unlink' | 'split', lane: Lane): void;
}

/**
 * Edits the links of a conversation, in steps: a form if something has to be entered, then a preview of the effects with the
 * button to apply them.
 */
export function linkEditPanel(view: ConversationDetail, { t, conversations, access, done }: LinkEditContext): LinkEditPanel {
  const root = element('div', { class: 'switchboard-link-edit' });
  rest();
  return {
    root,
    editLink: (kind, { link }) => link && ask({ kind, endpoint: link.endpoint, entityType: link.entityType, entity: link.id }),
  };

  /** An open form is not redrawn on changes. */
  function fill(asking: boolean, ...content: (HTMLElement | string)[]): void {
    root.classList.toggle('switchboard-asking', asking);
    root.replaceChildren(...content);
  }

  function rest(): void {
    fill(
      false,
      permitted(button(t('linkEdit.link'), 'switchboard-button', linkForm), access.write, t),
      permitted(button(t('linkEdit.merge'), 'switchboard-button', mergeForm), access.write, t),
      permitted(button(t('fixture.export'), 'switchboard-button', exportForm), access.export, t, EXPORT),
      access.write ? '' : element('p', { class: 'switchboard-muted' }, t('access.links', { permission: WRITE })),
      access.export ? '' : element('p', { class: 'switchboard-muted' }, t('access.exports', { permission: EXPORT })),
    );
  }

  function linkForm(): void {
    const endpoint = select(
      t('linkEdit.endpoint'),
      view.targets.map(({ id, name }) => [id, name]),
    );
    const type = select(t('linkEdit.entityType'), []);
    const offer = () => {
      const types = view.targets.find((target) => target.id === endpoint.value)?.entityTypes ?? [];
      type.replaceChildren(...types.map((name) => element('option', { value: name }, name)));
    };
    endpoint.addEventListener('change', offer);
    offer();
    const entity = input(t('linkEdit.number'));
    form([endpoint, type, entity], () => ({
      kind: 'link',
      endpoint: endpoint.value,
      entityType: type.value,
      entity: entity.value,
    }));
    (view.targets.length > 1 ? endpoint : entity).focus();
  }

  function mergeForm(): void {
    const other = input(t('linkEdit.other'));
    form([other], () => ({ kind: 'merge', other: other.value }));
    other.focus();
  }

  function exportForm(): void {
    const people = element('input', { type: 'checkbox' });
    const holds = element('p', { role: 'status' }, t('fixture.masked'));
    people.addEventListener('change', () => {
      holds.textContent = t(people.checked ? 'fixture.peopleWarning' : 'fixture.masked');
      holds.classList.toggle('switchboard-failure', people.checked);
    });
    const failure = element('div', { class: 'switchboard-failure', role: 'alert' });
    const go = button(t('fixture.download'), 'switchboard-button switchboard-primary', () => {
      go.disabled = true;
      conversations.fixture(view.id, people.checked).then(
        (fixture) => {
          download(`${view.reference}.fixture.json`, printableJson(fixture), 'application/json');
          rest();
        },
        (error) => {
          failure.textContent = errorText(error, t);
          go.disabled = false;
        },
      );
    });
    fill(
      true,
      element('p', {}, t('fixture.about')),
      element('label', { class: 'switchboard-check' }, people, t('fixture.people')),
      holds,
      go,
      cancel(),
      failure,
    );
    go.focus();
  }

  function form(fields: HTMLElement[], request: () => LinkEditRequest): void {
    const go = button(t('linkEdit.preview'), 'switchboard-button switchboard-primary', () => ask(request()));
    for (const field of fields)
      field.addEventListener('keydown', (event) => {
        if ((event as KeyboardEvent).key !== 'Enter') return;
        // The editor would look for the field when the key event reaches it, but the preview has replaced the form by then.
        event.stopPropagation();
        go.click();
      });
    fill(true, element('p', {}, t(`linkEdit.about.${request().kind}`)), ...fields, go, cancel());
  }

  function ask(request: LinkEditRequest): void {
    fill(true, element('p', { role: 'status' }, t('list.loading')), cancel());
    root.scrollIntoView({ block: 'nearest' });
    conversations.preview(view.id, request).then(
      (preview) => show(request, preview),
      (error) => failed(errorText(error, t)),
    );
  }

  function show(request: LinkEditRequest, { effects, found, refused, owner }: LinkEditPreview): void {
    const failure = element('div', { class: 'switchboard-failure', role: 'alert' }, refused);
    const go = button(t(`linkEdit.do.${request.kind}`), 'switchboard-button switchboard-primary', () => {
      for (const control of root.querySelectorAll('button')) control.disabled = true;
      conversations.apply(view.id, request).then(done, (error) => {
        failure.textContent = errorText(error, t);
        for (const control of root.querySelectorAll('button')) control.disabled = false;
      });
    });
    const instead =
      owner &&
      button(t('linkEdit.instead', { reference: owner }), 'switchboard-button switchboard-primary', () =>
        ask({ kind: 'merge', other: owner }),
      );
    fill(
      true,
      found
        ? element(
            'p',
            { class: 'switchboard-found' },
            ticket(found.number, found.url),
            found.title && element('span', {}, found.title),
            found.state && stateChip(found.state, t),
          )
        : '',
      refused ? '' : element('p', {}, t('linkEdit.willChange')),
      refused ? '' : effectList(effects, t),
      refused ? instead || '' : go,
      cancel(),
      failure,
    );
    const first = root.querySelector<HTMLElement>('.switchboard-primary') ?? root.querySelector('button');
    first?.focus();
  }

  function failed(text: string): void {
    fill(true, element('div', { class: 'switchboard-failure', role: 'alert' }, text), cancel());
  }

  function cancel(): HTMLElement {
    return button(t('action.cancel'), 'switchboard-button', rest);
  }
}

/** The manual edits, newest first, each with an undo button. */
export function linkEditHistory(
  view: ConversationDetail,
  { t, conversations, access, done }: LinkEditContext,
): HTMLElement | undefined {
  if (view.linkEdits.length === 0) return undefined;
  return element(
    'details',
    { class: 'switchboard-body switchboard-history' },
    element('summary', {}, element('span', {}, t('linkEdit.history', { count: view.linkEdits.length }))),
    element('ol', {}, ...view.linkEdits.map((one) => line(one))),
  );

  function line(one: LinkEditEntry): HTMLElement {
    const failure = element('div', { class: 'switchboard-failure', role: 'alert' });
    const undo = button(t('linkEdit.undo'), 'switchboard-button', () => {
      undo.disabled = true;
      conversations.undo(view.id, one.id).then(done, (error) => {
        failure.textContent = errorText(error, t);
        undo.disabled = false;
      });
    });
    return element(
      'li',
      {},
      element('div', { class: 'switchboard-row-top' }, element('b', {}, t(`linkEdit.done.${one.kind}`)), time(one.at)),
      one.by && element('div', { class: 'switchboard-muted' }, t('linkEdit.by', { name: one.by })),
      effectList(one.effects, t),
      one.undone
        ? element(
            'div',
            { class: 'switchboard-muted' },
            `${one.undone.by ? t('linkEdit.undoneBy', { name: one.undone.by }) : t('linkEdit.undone')} `,
            time(one.undone.at),
          )
        : permitted(undo, access.write, t),
      failure,
    );
  }
}

function effectList(effects: LinkEditEffectView[], t: Backend['t']): HTMLElement {
  return element(
    'ul',
    { class: 'switchboard-effects' },
    ...effects.map(({ code, values }) => element('li', {}, t(`linkEdit.effect.${code}`, values))),
  );
}

function input(label: string): HTMLInputElement {
  return element('input', { type: 'text', placeholder: label, 'aria-label': label, maxlength: '200' });
}

function select(label: string, options: [value: string, label: string][]): HTMLSelectElement {
  return element('select', { 'aria-label': label }, ...options.map(([value, name]) => element('option', { value }, name)));
}
