const CONTROLS = 'input, select, button, summary';

/** Draws a part again. The control that had the focus has it again, found by its place and label: a person types on where they were. */
export function keepingFocus(box: HTMLElement, draw: () => void): void {
  const had = document.activeElement;
  const at = controls(box).indexOf(had as HTMLElement);
  const [start, end] = had instanceof HTMLInputElement ? [had.selectionStart, had.selectionEnd] : [null, null];
  draw();
  if (!had || at < 0) return;
  // Some controls are made a moment after the others.
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
