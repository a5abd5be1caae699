import { act, type SimulationState } from './backend.js';
import { base64, field, h, select, valuesOf } from './dom.js';
import { simulationControls } from './simulation.js';

/** One ticket or order for display on a desk. */
export interface TicketView {
  id: string;
  number: string;
  title: string;
  description: string;
  /** Canonical state, which determines the colour. */
  state: string;
  stateLabel: string;
  partner?: string;
  facts: [name: string, value: string][];
  entries: { who: string; when: string; text: string; internal: boolean }[];
  /** The selectable states. */
  states: [value: string, label: string][];
  /** Absent if this desk has no attachments. */
  files?: { name: string; size: string }[];
  /** Additional content before the facts. */
  more?: HTMLElement[];
}

export interface DeskKind {
  /** Id of the section element. */
  section: string;
  title: () => string;
  subtitle: () => string;
  actions: () => string;
  /** What the desk shows, e.g. "ticket". */
  noun: string;
  /** Text shown if there are none. */
  hint: string;
  /** The form to create one, if this desk can: its fields, its action, and the values to send. */
  open?: {
    verb: string;
    fields: () => HTMLElement[];
    action: string;
    values: (given: Record<string, string>) => Record<string, string>;
  };
  changeState: (id: string, state: string, reason: string) => { action: string; values: Record<string, string> };
  /** The actions for a comment with their button labels; Enter runs the first one. */
  commentActions: [action: string, label: string][];
  /** Table to send with a comment. */
  table?: string;
  extra?: () => HTMLElement | undefined;
}

/** A desk: the list, the selected ticket, and its forms. Unsent input is kept when the desk is redrawn. */
export class Desk {
  private selected: string | undefined;
  private opening = false;
  private rendered = '';
  private readonly root: HTMLElement;
  private tickets: TicketView[] = [];
  private simulation: SimulationState | undefined;

  constructor(private readonly kind: DeskKind) {
    this.root = document.getElementById(kind.section) as HTMLElement;
  }

  show(tickets: TicketView[], simulation: SimulationState): void {
    this.tickets = tickets;
    this.simulation = simulation;
    if (!tickets.some((t) => t.id === this.selected)) this.selected = tickets[0]?.id;
    const snapshot = JSON.stringify([
      tickets.map((t) => ({ ...t, more: t.more?.map((m) => m.outerHTML) })),
      simulation,
      this.selected,
      this.opening,
      this.kind.subtitle(),
      this.kind.extra?.()?.outerHTML,
    ]);
    if (snapshot === this.rendered) return;
    this.rendered = snapshot;
    const input = this.unsentInput();
    this.root.replaceChildren(
      this.bar(),
      h(
        'div',
        { class: 'inside' },
        this.list(),
        h('div', { class: 'detail', 'aria-live': 'polite' }, this.opening ? this.form() : this.detail()),
      ),
      simulationControls(this.kind.actions(), simulation),
    );
    this.restoreInput(input);
  }

  private redraw(): void {
    this.rendered = '';
    if (this.simulation) this.show(this.tickets, this.simulation);
  }

  private bar(): HTMLElement {
    const { kind } = this;
    return h(
      'div',
      { class: 'bar' },
      h('h2', { id: `${kind.section}-title` }, kind.title(), h('small', {}, kind.subtitle())),
      h('span', { class: 'grow' }),
      kind.extra?.(),
      kind.open &&
        h(
          'button',
          { class: 'primary', type: 'button', 'data-action': 'open', onclick: () => this.openForm() },
          `${kind.open.verb} ${kind.noun === 'order' ? 'an' : 'a'} ${kind.noun}`,
        ),
    );
  }

  private openForm(): void {
    this.opening = true;
    this.redraw();
    (this.root.querySelector('.detail input') as HTMLElement | null)?.focus();
  }

  private list(): HTMLElement {
    if (this.tickets.length === 0) return h('div', { class: 'list' }, h('p', { class: 'empty' }, `No ${this.kind.noun}s yet.`));
    const items = this.tickets.map((ticket) => {
      const current = ticket.id === this.selected && !this.opening;
      const choose = () => {
        this.selected = ticket.id;
        this.opening = false;
        this.redraw();
      };
      return h(
        'li',
        {},
        h(
          'button',
          { class: 'ticket', type: 'button', 'aria-current': String(current), onclick: choose },
          h('strong', {}, ticket.title || '(no title)'),
          h(
            'span',
            { class: 'meta' },
            h('span', { class: `chip ${ticket.state}` }, ticket.stateLabel),
            h('span', {}, ticket.number),
            ticket.partner ? h('span', {}, `⇄ ${ticket.partner}`) : undefined,
          ),
        ),
      );
    });
    return h('ul', { class: 'list' }, ...items);
  }

  private form(): HTMLElement | undefined {
    const { open, noun } = this.kind;
    if (!open) return undefined;
    const error = h('p', { class: 'error', role: 'alert' });
    const submit = (event: Event) => {
      event.preventDefault();
      const values = open.values(valuesOf(event.target as HTMLFormElement));
      act(`${this.kind.actions()}/${open.action}`, values).then(
        (made) => {
          this.opening = false;
          this.selected = String(made.sys_id ?? made.id);
        },
        (problem) => error.replaceChildren(problem.message),
      );
    };
    const cancel = () => {
      this.opening = false;
      this.redraw();
    };
    return h(
      'form',
      { onsubmit: submit, 'data-form': 'open' },
      h('h3', {}, `New ${noun}`),
      ...open.fields(),
      error,
      h(
        'div',
        { class: 'row' },
        h('button', { class: 'primary', type: 'submit' }, open.verb),
        h('button', { type: 'button', onclick: cancel }, 'Cancel'),
      ),
    );
  }

  private detail(): HTMLElement {
    const ticket = this.tickets.find((t) => t.id === this.selected);
    if (!ticket) return h('p', { class: 'empty' }, this.kind.hint);
    const facts = ticket.facts.filter(([, value]) => value).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]);
    const entries = ticket.entries.map((e) =>
      h(
        'div',
        { class: `entry${e.internal ? ' internal' : ''}` },
        h('div', { class: 'who' }, e.internal && h('b', {}, 'internal'), h('span', {}, e.who), h('span', {}, e.when)),
        h('p', {}, e.text),
      ),
    );
    const files = ticket.files?.map((f) => h('div', { class: 'entry files' }, `${f.name} · ${f.size}`));
    return h(
      'div',
      {},
      h('h3', {}, ticket.title),
      h('span', { class: `chip ${ticket.state}` }, ticket.stateLabel),
      ticket.description && h('p', { class: 'say' }, ticket.description),
      ...(ticket.more ?? []),
      h('dl', {}, h('dt', {}, 'Number'), h('dd', {}, ticket.number), ...facts),
      ticket.states.length > 0 && this.stateForm(ticket),
      h('h4', {}, 'Comments'),
      ...entries,
      this.commentForm(ticket),
      ...(files ? [h('h4', {}, 'Attachments'), ...files, this.fileForm(ticket)] : []),
    );
  }

  private stateForm(ticket: TicketView): HTMLElement {
    const submit = (event: Event) => {
      event.preventDefault();
      const { state = '', reason = '' } = valuesOf(event.target as HTMLFormElement);
      const { action, values } = this.kind.changeState(ticket.id, state, reason);
      this.run(action, values, event.target as HTMLFormElement);
    };
    return h(
      'form',
      { onsubmit: submit, 'data-form': 'state' },
      h(
        'div',
        { class: 'row' },
        field('State', select('state', ticket.states, ticket.state)),
        field('Reason or solution', h('input', { name: 'reason', maxlength: '500', 'data-keep': `reason-${ticket.id}` })),
        h('button', { type: 'submit' }, 'Change'),
      ),
    );
  }

  private commentForm(ticket: TicketView): HTMLElement {
    const send = (action: string) => (event: Event) => {
      event.preventDefault();
      const form = (event.target as HTMLElement).closest('form') as HTMLFormElement;
      const { text = '' } = valuesOf(form);
      if (text.trim()) this.run(action, { id: ticket.id, text, ...(this.kind.table && { table: this.kind.table }) }, form);
    };
    const [[first, label] = ['', ''], ...others] = this.kind.commentActions;
    return h(
      'form',
      { onsubmit: send(first), 'data-form': 'comment' },
      h('textarea', {
        name: 'text',
        rows: '2',
        'aria-label': 'Comment',
        placeholder: 'Write a comment…',
        'data-keep': `text-${ticket.id}`,
      }),
      h(
        'div',
        { class: 'row' },
        h('button', { type: 'submit' }, label),
        ...others.map(([action, name]) => h('button', { type: 'button', onclick: send(action) }, name)),
      ),
    );
  }

  private fileForm(ticket: TicketView): HTMLElement {
    const choose = async (event: Event) => {
      const input = event.target as HTMLInputElement;
      const file = input.files?.[0];
      if (!file) return;
      await act(`${this.kind.actions()}/attach`, {
        id: ticket.id,
        name: file.name,
        mimeType: file.type,
        content: await base64(file),
      });
      input.value = '';
    };
    return h('input', { type: 'file', 'aria-label': 'Attach a file', onchange: (event) => void choose(event) });
  }

  private run(action: string, values: Record<string, string>, form: HTMLFormElement): void {
    act(`${this.kind.actions()}/${action}`, values).then(
      () => form.reset(),
      (problem) => form.append(h('p', { class: 'error', role: 'alert' }, problem.message)),
    );
  }

  /** Unsent input by field. */
  private unsentInput(): Map<string, { value: string; focused: boolean }> {
    const fields = [...this.root.querySelectorAll<HTMLInputElement>('[data-keep]')];
    return new Map(fields.map((f) => [f.dataset.keep ?? '', { value: f.value, focused: f === document.activeElement }]));
  }

  private restoreInput(input: Map<string, { value: string; focused: boolean }>): void {
    for (const element of this.root.querySelectorAll<HTMLInputElement>('[data-keep]')) {
      const before = input.get(element.dataset.keep ?? '');
      if (!before) continue;
      element.value = before.value;
      if (before.focused) element.focus();
    }
  }
}
