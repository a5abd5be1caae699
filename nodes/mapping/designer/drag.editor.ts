import { svgElement } from './lines.editor.js';

export type Side = 'partner' | 'generic';

interface Drops {
  join(field: string, generic: string): void;
  /** A field dropped on a rule. */
  addTo(index: number, side: Side, path: string): void;
  move(from: number, to: number): void;
}

/** Pixels that the pointer moves before a press becomes a drag. */
const THRESHOLD = 4;
/** Distance in pixels from the edge of the list at which dragging scrolls it, and the step. */
const EDGE = 30;
const SCROLL = 10;

/**
 * Drag and drop on the board: a field to a field of the other side, a field to a rule, a rule to another place. Escape cancels.
 */
export function dragging(box: HTMLElement, grid: HTMLElement, drops: Drops): void {
  grid.addEventListener('pointerdown', (press) => {
    const handle = (press.target as Element).closest<HTMLElement>('.switchboard-field, .switchboard-rule');
    if (!handle || press.button !== 0) return;
    const drag = new Drag(box, grid, handle, press);
    const moved = (event: PointerEvent) => drag.move(event);
    const up = () => {
      const { target, started, below } = drag;
      end();
      if (!started) return;
      swallowClick();
      drop(handle, target, below, drops);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      end();
    };
    const end = () => {
      window.removeEventListener('pointermove', moved);
      window.removeEventListener('pointerup', up);
      window.removeEventListener('pointercancel', end);
      window.removeEventListener('keydown', key, true);
      drag.end();
    };
    window.addEventListener('pointermove', moved);
    window.addEventListener('pointerup', up);
    window.addEventListener('pointercancel', end);
    window.addEventListener('keydown', key, true);
  });
}

/** Swallows the click that follows the end of a drag. */
function swallowClick(): void {
  const stop = (click: Event) => click.stopPropagation();
  window.addEventListener('click', stop, { capture: true, once: true });
  setTimeout(() => window.removeEventListener('click', stop, { capture: true }), 0);
}

function drop(handle: HTMLElement, target: HTMLElement | undefined, below: boolean, drops: Drops): void {
  if (!target) return;
  const { side, path = '', index } = handle.dataset;
  if (index !== undefined) drops.move(Number(index), Number(target.dataset.index) + (below ? 1 : 0));
  else if (target.dataset.index !== undefined) drops.addTo(Number(target.dataset.index), side as Side, path);
  else if (side === 'partner') drops.join(path, target.dataset.path ?? '');
  else drops.join(target.dataset.path ?? '', path);
}

class Drag {
  started = false;
  target: HTMLElement | undefined;
  /** The pointer is on the lower half of the target. */
  below = false;
  private readonly svg = svgElement('svg', { class: 'switchboard-drag' });
  private readonly line = svgElement('path', {});
  private timer: number | undefined;
  private last: PointerEvent;

  constructor(
    private readonly box: HTMLElement,
    private readonly grid: HTMLElement,
    private readonly handle: HTMLElement,
    private readonly press: PointerEvent,
  ) {
    this.last = press;
    this.svg.append(this.line);
  }

  move(event: PointerEvent): void {
    this.last = event;
    if (!this.started) {
      if (Math.hypot(event.clientX - this.press.clientX, event.clientY - this.press.clientY) < THRESHOLD) return;
      this.started = true;
      this.box.classList.add('switchboard-dragging');
      this.handle.classList.add('switchboard-dragged');
      if (!this.isRule) this.grid.append(this.svg);
      this.timer = window.setInterval(() => this.scroll(), 30);
    }
    this.draw();
  }

  end(): void {
    window.clearInterval(this.timer);
    this.svg.remove();
    this.mark(undefined);
    this.box.classList.remove('switchboard-dragging');
    this.handle.classList.remove('switchboard-dragged');
  }

  private get isRule(): boolean {
    return this.handle.dataset.index !== undefined;
  }

  private draw(): void {
    const { clientX, clientY } = this.last;
    const over = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>('.switchboard-field, .switchboard-rule');
    this.mark(over && this.grid.contains(over) && this.fits(over) ? over : undefined);
    const grid = this.grid.getBoundingClientRect();
    const from = this.handle.getBoundingClientRect();
    const x1 = (this.handle.dataset.side === 'partner' ? from.right : from.left) - grid.left;
    const y1 = from.top + from.height / 2 - grid.top;
    const [x2, y2] = [clientX - grid.left, clientY - grid.top];
    this.line.setAttribute('d', `M${x1} ${y1} C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`);
  }

  private fits(over: HTMLElement): boolean {
    if (over === this.handle) return false;
    if (this.isRule) return over.dataset.index !== undefined;
    return over.dataset.index !== undefined || over.dataset.side !== this.handle.dataset.side;
  }

  private mark(target: HTMLElement | undefined): void {
    this.target?.classList.remove('switchboard-drop', 'switchboard-drop-above', 'switchboard-drop-below');
    this.target = target;
    if (!target) return;
    const { top, height } = target.getBoundingClientRect();
    this.below = this.last.clientY > top + height / 2;
    target.classList.add(this.isRule ? `switchboard-drop-${this.below ? 'below' : 'above'}` : 'switchboard-drop');
  }

  private scroll(): void {
    const { top, bottom } = this.box.getBoundingClientRect();
    const y = this.last.clientY;
    const by = y < top + EDGE ? -SCROLL : y > bottom - EDGE ? SCROLL : 0;
    if (!by) return;
    this.box.scrollTop += by;
    this.draw();
  }
}
