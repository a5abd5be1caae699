import { CATEGORY } from '../kit/editor/category.js';
import { prepareTmfIn, tmfInFields } from '../kit/editor/tmf-in.js';
import type { Tmf621InConfig } from './tmf621-in.config.js';

RED.nodes.registerType<Tmf621InConfig>('switchboard-tmf621-in', {
  category: 'switchboard',
  categoryDescription: CATEGORY,
  color: '#79B7BD',
  icon: 'switchboard-tmf621-in.svg',
  inputs: 0,
  outputs: 1,
  paletteLabel: 'tmf621 in',
  outputLabels() {
    return this._('port.ticket');
  },
  label() {
    return this.name || 'tmf621 in';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  defaults: tmfInFields('tmf621'),
  oneditprepare() {
    prepareTmfIn();
  },
});
