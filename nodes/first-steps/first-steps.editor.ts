import { offerTour, takeTour } from './tour.editor.js';
import { openWizard } from './wizard/wizard.editor.js';

const MENU = 'red-ui-header-button-sidemenu';

RED.plugins.registerPlugin('switchboard-first-steps', {
  type: 'switchboard-first-steps',
  onadd() {
    const label = (action: string) => ({ label: this._(action) });
    RED.actions.add('switchboard:new-connection', () => openWizard(this._), label('wizard.menu'));
    RED.actions.add('switchboard:show-tour', takeTour, label('tour.menu'));
    RED.menu.addItem(MENU, null);
    RED.menu.addItem(MENU, {
      id: 'switchboard-new-connection',
      label: this._('wizard.menu'),
      onselect: 'switchboard:new-connection',
    });
    RED.menu.addItem(MENU, { id: 'switchboard-tour', label: this._('tour.menu'), onselect: 'switchboard:show-tour' });
    offerTour(this._);
  },
});
