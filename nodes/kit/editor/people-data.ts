import type { PersonalClass } from '../../../src/model/personal.js';
import { button, element, fill } from './element.js';

/** What is used of the answer of `GET switchboard/access`. */
interface Access {
  /** May see people's data. */
  export: boolean;
  masked: PersonalClass[];
}

/**
 * Says in a dialog that it computes with masked messages, with the button to compute with people's data, which each opened dialog
 * asks for anew. Hidden if nothing is masked.
 */
export class PeopleData {
  readonly element = element('div', { class: 'switchboard-people', role: 'status', hidden: true });
  private isClear = false;

  /** `changed`: called when all answers have to be fetched again. */
  constructor(
    private readonly t: Translate,
    private readonly changed: () => void,
  ) {
    // Without an answer, the server masks what it has to.
    $.getJSON('switchboard/access').done((access: Access) => this.draw(access));
  }

  /** The address of a request, with the wish for people's data if the user has expressed it. */
  address(path: string): string {
    return this.isClear ? `${path}?clear=true` : path;
  }

  private draw(access: Access): void {
    const { t } = this;
    this.element.hidden = access.masked.length === 0;
    const classes = access.masked.map((one) => t(`people.classes.${one}`)).join(', ');
    const toggle = button(t(this.isClear ? 'people.hide' : 'people.show'), 'red-ui-button red-ui-button-small', () => {
      this.isClear = !this.isClear;
      this.draw(access);
      this.changed();
    });
    toggle.disabled = !access.export;
    fill(
      this.element,
      element('span', {}, t(this.isClear ? 'people.isShown' : 'people.isMasked', { classes })),
      toggle,
      !access.export && element('span', {}, t('people.needs', { permission: 'switchboard.export' })),
    );
  }
}
