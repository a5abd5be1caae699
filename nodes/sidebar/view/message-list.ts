import type { MessageRow } from '../views.js';
import type { Backend } from './backend.js';
import { element } from './element.js';
import { messageRow } from './row.js';

export interface ListContext {
  t: Backend['t'];
  open(id: string): void;
  /** Called when the ticked rows have changed. */
  ticked(): void;
}

/** Keys that move between the rows, and how far. */
const STEPS: Record<string, number> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** The rows of the list. An unchanged row keeps its element, so that focus, ticks and scroll position are kept. */
export class MessageRows {
  readonly root: HTMLElement;
  /** Ids of the rows that are ticked. */
  readonly ticks = new Set<string>();
  private shown = new Map<string, { content: string; item: HTMLLIElement }>();
  private current: string | undefined;
  private lastTick: string | undefined;

  constructor(private readonly context: ListContext) {
    this.root = element('ul', { class: 'switchboard-list', 'aria-label': context.t('list.title') });
    this.root.addEventListener('keydown', (event) => this.key(event));
    this.root.addEventListener('focusin', (event) => this.focused((event.target as HTMLElement).dataset.id));
  }

  show(rows: MessageRow[]): void {
    const before = this.shown;
    const focused = (document.activeElement as HTMLElement | null)?.dataset.id;
    this.shown = new Map();
    for (const row of rows) {
      const content = JSON.stringify(row);
      const known = before.get(row.id);
      const item =
        known?.content === content ? known.item : messageRow(row, { ...this.context, tick: (...given) => this.tick(...given) });
      this.shown.set(row.id, { content, item });
    }
    const items = [...this.shown.values()].map(({ item }) => item);
    // Inserting an element again would remove its focus.
    if (items.length !== this.root.children.length || items.some((item, index) => this.root.children[index] !== item))
      this.root.replaceChildren(...items);
    for (const id of this.ticks) if (!this.shown.has(id)) this.ticks.delete(id);
    this.mark();
    if (focused && focused !== (document.activeElement as HTMLElement | null)?.dataset.id) this.focus(focused);
    if (!this.current || !this.shown.has(this.current)) this.focused(rows[0]?.id);
  }

  /** Shows which row is open. */
  select(id: string | undefined): void {
    for (const [one, { item }] of this.shown) {
      const line = item.querySelector('.switchboard-row');
      if (one === id) line?.setAttribute('aria-current', 'true');
      else line?.removeAttribute('aria-current');
    }
    if (id) this.focused(id);
  }

  focus(id: string): void {
    this.line(id)?.focus();
  }

  tickAll(ticked: boolean): void {
    this.ticks.clear();
    if (ticked) for (const id of this.shown.keys()) this.ticks.add(id);
    this.mark();
  }

  private tick(id: string, ticked: boolean, range: boolean): void {
    const ids = [...this.shown.keys()];
    const [from, to] = [ids.indexOf(range ? (this.lastTick ?? id) : id), ids.indexOf(id)].sort((a, b) => a - b);
    for (const one of ids.slice(from, (to ?? 0) + 1)) {
      if (ticked) this.ticks.add(one);
      else this.ticks.delete(one);
    }
    this.lastTick = id;
    this.mark();
    this.context.ticked();
  }

  private mark(): void {
    this.root.classList.toggle('switchboard-ticking', this.ticks.size > 0);
    for (const [id, { item }] of this.shown) {
      const box = item.querySelector<HTMLInputElement>('.switchboard-tick');
      if (box) box.checked = this.ticks.has(id);
    }
  }

  private key(event: KeyboardEvent): void {
    const id = (event.target as HTMLElement).dataset.id;
    if (!id) return;
    if (event.key === ' ') {
      event.preventDefault();
      this.tick(id, !this.ticks.has(id), event.shiftKey);
      return;
    }
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const ids = [...this.shown.keys()];
    const to = ids[Math.min(Math.max(ids.indexOf(id) + step, 0), ids.length - 1)];
    if (to) this.focus(to);
  }

  /** Only the last used row can be reached with the tab key. */
  private focused(id: string | undefined): void {
    if (!id || !this.shown.has(id)) return;
    const before = this.current && this.line(this.current);
    if (before) before.tabIndex = -1;
    this.current = id;
    const line = this.line(id);
    if (line) line.tabIndex = 0;
  }

  private line(id: string): HTMLElement | null | undefined {
    return this.shown.get(id)?.item.querySelector<HTMLElement>('.switchboard-row');
  }
}
