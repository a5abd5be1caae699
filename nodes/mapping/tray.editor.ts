/** Width in pixels that fits fields, rules and preview side by side. */
const WIDE = 1180;
/** Minimum height of the designer, and the space below it in its tray. */
const MIN_HEIGHT = 420;
const BELOW = 24;

/** Whether the user has resized the tray. */
let dragged = false;

/** Called when a tray opens. */
export function wideTray(): void {
  dragged = false;
}

/**
 * Called by the editor whenever the tray may have another size. A config node cannot set the width of its tray, and the editor
 * sets it several times while the tray slides in, so it is set again each time.
 */
export function fillTray(): void {
  const dialog = document.querySelector<HTMLElement>('.switchboard-mapping');
  const tray = dialog?.closest<HTMLElement>('.red-ui-tray');
  if (!dialog || !tray) return;
  dragged ||= tray.classList.contains('ui-draggable-dragging');
  const room = (document.querySelector<HTMLElement>('#red-ui-editor-stack')?.offsetLeft ?? 0) - 8;
  if (!dragged) tray.style.width = `${Math.min(WIDE, room)}px`;
  const body = tray.querySelector<HTMLElement>('.red-ui-tray-body');
  const designer = dialog.querySelector<HTMLElement>('.switchboard-designer');
  if (!body || !designer) return;
  const height = body.getBoundingClientRect().bottom - designer.getBoundingClientRect().top - BELOW;
  designer.style.setProperty('--switchboard-height', `${Math.max(MIN_HEIGHT, height)}px`);
}
