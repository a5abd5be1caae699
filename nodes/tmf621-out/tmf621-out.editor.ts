import { CATEGORY } from '../kit/editor/category.js';
import { addStyle } from '../kit/editor/style.js';
import { tmfEndpointField } from '../kit/editor/tmf-endpoint-field.js';
import type { Tmf621OutConfig } from './tmf621-out.config.js';

RED.nodes.registerType<Tmf621OutConfig>('switchboard-tmf621-out', {
  category: 'switchboard',
  categoryDescription: CATEGORY,
  color: '#79B7BD',
  icon: 'switchboard-tmf621-out.svg',
  align: 'right',
  inputs: 1,
  outputs: 1,
  paletteLabel: 'tmf621 out',
  inputLabels() {
    return this._('port.payload');
  },
  outputLabels() {
    return this._('port.answer');
  },
  label() {
    return this.name || 'tmf621 out';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  defaults: {
    name: { value: '' },
    endpoint: tmfEndpointField('tmf621'),
  },
  oneditprepare() {
    addStyle();
  },
});
