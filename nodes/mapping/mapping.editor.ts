import { addStyle } from '../kit/editor/style.js';
import board from './designer/board.css';
import panel from './designer/panel.css';
import preview from './designer/preview.css';
import type { MappingConfig } from './mapping.config.js';
import dialog from './mapping.css';
import { type MappingForm, mappingForm } from './mapping-form.editor.js';
import { fillTray, wideTray } from './tray.editor.js';

let form: MappingForm | undefined;

RED.nodes.registerType<MappingConfig>('switchboard-mapping', {
  category: 'config',
  defaults: {
    name: { value: '' },
    preset: { value: '' },
    mapping: {
      value: null,
      validate(value, _options) {
        return value !== null && value !== undefined ? true : this._def._('invalid.noRules');
      },
    },
  },
  label() {
    return this.name || this.mapping?.name || 'mapping';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    addStyle();
    addStyle('switchboard-mapping-style', [dialog, board, panel, preview].join('\n'));
    wideTray();
    form = mappingForm(this);
  },
  oneditresize() {
    fillTray();
  },
  oneditsave() {
    const saved = form?.read();
    form?.close();
    if (saved) this.mapping = saved;
  },
  oneditcancel() {
    form?.close();
  },
  oneditdelete() {
    form?.close();
  },
});
