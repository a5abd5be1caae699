/** Pixels. Fields, rules and what becomes of a message stand side by side in a tray this wide. */
const WIDE = 1180;
/** The least height of the designer, and what stands below it in its tray. */
const LEAST = 420;
const BELOW = 24;

/** The person has given the tray a width of their own. */
let dragged = false;

/** For a tray that was opened just now. */
export function wideTray(): void {
  dragged = false;
}

/**
 * Called by the editor whenever the tray may have another size. A config node cannot say how wide its tray is to be, and the editor sets the
 * width several times while it slides in, so it is set again each time.
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
  designer.style.setProperty('--switchboard-height', `${Math.max(LEAST, height)}px`);
}
