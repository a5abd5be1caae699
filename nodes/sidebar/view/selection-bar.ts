import { type BulkRequest, type BulkResult, type Selection, UNDOABLE, type Undoable } from '../views.js';
import { permissionNote, permitted } from './access.js';
import { type Backend, errorText, type MessageApi } from './backend.js';
import { button, element, fill } from './element.js';

export interface SelectionContext {
  t: Backend['t'];
  messages: MessageApi;
  /** The current filter of the list. */
  selection(): Selection;
  ticks: ReadonlySet<string>;
  /** Number of rows shown, and whether there are more. */
  shown(): { count: number; more: boolean };
  tickAll(ticked: boolean): void;
  done(): void;
  mayWrite(): boolean;
}

/** The line above the list: the number of rows shown or selected, and the bulk actions. */
export class SelectionBar {
  readonly root: HTMLElement;
  private readonly count = element('span', { class: 'switchboard-count', role: 'status', 'aria-live': 'polite' });
  private readonly box: HTMLInputElement;
  private readonly actions = element('div', { class: 'switchboard-bulk' });
  private readonly result = element('div', { class: 'switchboard-result', role: 'status' });
  /** All matching messages are selected, not only those shown. */
  private all = false;

  constructor(private readonly context: SelectionContext) {
    const { t } = context;
    this.box = element('input', { type: 'checkbox', 'aria-label': t('bulk.selectShown'), title: t('bulk.selectShown') });
    this.box.addEventListener('change', () => {
      context.tickAll(this.box.checked);
      this.update();
    });
    this.root = element(
      'div',
      { class: 'switchboard-selection' },
      element('label', { class: 'switchboard-selection-head' }, this.box, this.count),
      this.actions,
      this.result,
    );
    this.update();
  }

  /** To be called when the ticked or shown rows have changed. */
  update(): void {
    const { t, ticks } = this.context;
    const { count, more } = this.context.shown();
    if (ticks.size === 0 || ticks.size < count) this.all = false;
    this.box.checked = count > 0 && ticks.size === count;
    this.box.indeterminate = ticks.size > 0 && ticks.size < count;
    this.box.disabled = count === 0;
    const shown = t(more ? 'bulk.shownMore' : 'bulk.shown', { count });
    const text = this.all ? t('bulk.allSelected') : ticks.size > 0 ? t('bulk.selected', { count: ticks.size }) : shown;
    // Screen readers announce every write to a live region, so only changes are written.
    if (this.count.textContent !== text) this.count.textContent = text;
    if (ticks.size === 0) this.actions.replaceChildren();
    else if (this.actions.childElementCount === 0 || !this.actions.querySelector('.switchboard-primary')) this.offer();
  }

  private offer(): void {
    const { t, ticks, mayWrite } = this.context;
    const { count, more } = this.context.shown();
    const everything =
      !this.all && more && ticks.size === count
        ? button(t('bulk.selectAll'), 'switchboard-link', () => {
            this.all = true;
            this.update();
          })
        : undefined;
    fill(
      this.actions,
      ...UNDOABLE.map((action) =>
        permitted(
          button(t(`action.${action}`), 'switchboard-button', () => this.ask(action)),
          mayWrite(),
          t,
        ),
      ),
      permissionNote(mayWrite(), t),
      button(t('bulk.clear'), 'switchboard-link', () => this.clear()),
      everything,
    );
  }

  private async ask(action: Undoable): Promise<void> {
    const { t } = this.context;
    const request = this.request(action);
    const preview = await this.try(() => this.context.messages.bulk({ ...request, preview: true }));
    if (!preview) return;
    const reason = element('input', {
      type: 'text',
      'aria-label': t('action.reason'),
      placeholder: t('action.reason'),
      maxlength: '500',
    });
    const onlyLooks = preview.looked === preview.done;
    const go = button(t(onlyLooks ? 'bulk.lookAgain' : `action.${action}`), 'switchboard-button switchboard-primary', () => {
      go.disabled = true;
      this.run({ ...request, reason: reason.value || undefined });
    });
    const no = button(t('action.cancel'), 'switchboard-button', () => {
      this.offer();
      this.actions.querySelector('button')?.focus();
    });
    const summary = [...this.questions(action, preview), ...preview.refused].join(' ');
    fill(this.actions, element('p', {}, summary), action === 'skip' && preview.done > 0 && reason, preview.done > 0 && go, no);
    (preview.done === 0 ? no : action === 'skip' ? reason : go).focus();
  }

  private questions(action: Undoable, { done, looked, more, messages }: BulkResult): string[] {
    const { t } = this.context;
    if (done === 0) return [t('bulk.nothing')];
    const count = done - looked;
    return [
      ...(count > 0 ? [t(`bulk.${action}${more ? 'More' : ''}`, { count, messages: messages.length })] : []),
      ...(looked > 0 ? [t('bulk.look', { count: looked })] : []),
    ];
  }

  private request(action: Undoable): BulkRequest {
    return this.all ? { action, selection: this.context.selection() } : { action, ids: [...this.context.ticks] };
  }

  private async run(request: BulkRequest): Promise<void> {
    const result = await this.try(() => this.context.messages.bulk(request));
    if (!result) {
      this.offer();
      return;
    }
    this.clear();
    this.showResult(request.action, result);
    this.context.done();
  }

  private showResult(action: BulkRequest['action'], result: BulkResult): void {
    const { t } = this.context;
    const undoes = action === 'undo' ? undefined : action;
    const undo = button(t('action.undo'), 'switchboard-button switchboard-undo', async () => {
      undo.disabled = true;
      const undone = await this.try(() => this.context.messages.bulk({ action: 'undo', undoes, ids: result.messages }));
      if (undone) this.showResult('undo', undone);
      this.context.done();
    });
    fill(
      this.result,
      (result.done > result.looked || result.done === 0) &&
        element('span', {}, t(`bulk.did_${action}`, { count: result.done - result.looked })),
      result.looked > 0 && element('span', {}, t('bulk.did_look', { count: result.looked })),
      result.more && element('span', {}, t('bulk.more')),
      result.refused.length > 0 && element('span', { class: 'switchboard-failure' }, result.refused.join(' ')),
      action !== 'undo' && result.done > 0 && undo,
      button('×', 'switchboard-link switchboard-close', () => this.result.replaceChildren()),
    );
    this.result.lastElementChild?.setAttribute('aria-label', t('bulk.close'));
  }

  private clear(): void {
    this.all = false;
    this.context.tickAll(false);
    this.actions.replaceChildren();
    this.update();
  }

  private async try<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const text = errorText(error, this.context.t);
      this.result.replaceChildren(element('span', { class: 'switchboard-failure' }, text));
      return undefined;
    }
  }
}
