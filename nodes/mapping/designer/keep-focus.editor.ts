const CONTROLS = 'input, select, button, summary';

/** Redraws a part and gives the focus back to its control, found by its position and label, so that the user can type on. */
export function keepingFocus(box: HTMLElement, draw: () => void): void {
  const had = document.activeElement;
  const at = controls(box).indexOf(had as HTMLElement);
  const [start, end] = had instanceof HTMLInputElement ? [had.selectionStart, had.selectionEnd] : [null, null];
  draw();
  if (!had || at < 0) return;
  // Some controls are created a moment after the others.
  queueMicrotask(() => {
    const next = controls(box)[at];
    if (document.activeElement !== document.body || !next || labelOf(next) !== labelOf(had)) return;
    next.focus();
    if (next instanceof HTMLInputElement && start !== null) next.setSelectionRange(start, end);
  });
}

function controls(box: HTMLElement): HTMLElement[] {
  return [...box.querySelectorAll<HTMLElement>(CONTROLS)];
}

function labelOf(control: Element): string {
  return control.getAttribute('aria-label') ?? control.textContent ?? '';
}
