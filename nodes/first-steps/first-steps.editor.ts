import { openWizard } from './wizard/wizard.editor.js';

const MENU = 'red-ui-header-button-sidemenu';

RED.plugins.registerPlugin('switchboard-first-steps', {
  type: 'switchboard-first-steps',
  onadd() {
    RED.actions.add('switchboard:new-connection', () => openWizard(this._));
    RED.menu.addItem(MENU, null);
    RED.menu.addItem(MENU, {
      id: 'switchboard-new-connection',
      label: this._('wizard.menu'),
      onselect: 'switchboard:new-connection',
    });
  },
});
