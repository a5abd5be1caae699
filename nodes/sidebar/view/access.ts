import type { Access } from '../views.js';
import type { Backend } from './backend.js';
import { button, element, fill } from './element.js';

/** Until the runtime has answered, and where it cannot: it refuses what is not allowed. */
export const ALL: Access = { write: true, export: true, masked: [] };

export const WRITE = 'switchboard.write';
export const EXPORT = 'switchboard.export';

/** Disables a button whose permission the user lacks; its tooltip names the permission. */
export function permitted(
  control: HTMLButtonElement,
  isAllowed: boolean,
  t: Backend['t'],
  permission = WRITE,
): HTMLButtonElement {
  if (isAllowed) return control;
  control.disabled = true;
  control.title = t('access.needs', { permission });
  return control;
}

/** Says below disabled buttons why they are. */
export function permissionNote(isAllowed: boolean, t: Backend['t'], permission = WRITE): HTMLElement | undefined {
  return isAllowed ? undefined : element('p', { class: 'switchboard-muted' }, t('access.needs', { permission }));
}

/** What the user may do, and whether people's data is shown: the backend as the sections of the view see it. */
export class AccessControl {
  /** Says that people's data is masked, with the button to show it; hidden if nothing is masked. */
  readonly bar = element('div', { class: 'switchboard-access', hidden: true });
  readonly backend: Backend;
  private isClear = false;
  /** What is drawn, which keeps the focus as long as it is unchanged. */
  private drawn = '';

  /** `changed`: called when everything has to be fetched again. */
  constructor(
    private readonly host: Backend,
    private readonly changed: () => void,
  ) {
    this.backend = {
      ...host,
      access: ALL,
      get: (path) => host.get(this.withClear(path)),
      post: (path, body) => host.post(this.withClear(path), body),
    };
  }

  /** Asks the runtime what the user may do: each deploy can change what is masked, also while the view is not shown. */
  async load(): Promise<void> {
    let access: Access;
    try {
      access = (await this.host.get('access')) as Access;
    } catch {
      return;
    }
    if (JSON.stringify(access) === this.drawn) return;
    this.drawn = JSON.stringify(access);
    this.backend.access = access;
    this.draw();
  }

  private draw(): void {
    const { t, access = ALL } = this.backend;
    this.backend.isClear = this.isClear || access.masked.length === 0;
    this.bar.hidden = access.masked.length === 0;
    const classes = access.masked.map((one) => t(`access.classes.${one}`)).join(', ');
    const limit = !this.isClear && access.masked.includes('names') ? t('access.freeText') : '';
    const toggle = button(t(this.isClear ? 'access.hide' : 'access.show'), 'switchboard-button', () => {
      this.isClear = !this.isClear;
      this.draw();
      this.changed();
    });
    fill(
      this.bar,
      element('span', {}, [t(this.isClear ? 'access.isShown' : 'access.isMasked', { classes }), limit].filter(Boolean).join(' ')),
      permitted(toggle, access.export, t, EXPORT),
      permissionNote(access.export, t, EXPORT),
    );
  }

  private withClear(path: string): string {
    return this.isClear ? `${path}${path.includes('?') ? '&' : '?'}clear=true` : path;
  }
}
