import { CATEGORY } from '../kit/editor/category.js';
import { prepareTmfIn, tmfInFields } from '../kit/editor/tmf-in.js';
import type { Tmf622InConfig } from './tmf622-in.config.js';

RED.nodes.registerType<Tmf622InConfig>('switchboard-tmf622-in', {
  category: 'switchboard',
  categoryDescription: CATEGORY,
  color: '#79B7BD',
  icon: 'switchboard-tmf622-in.svg',
  inputs: 0,
  outputs: 1,
  paletteLabel: 'tmf622 in',
  outputLabels() {
    return this._('port.order');
  },
  label() {
    return this.name || 'tmf622 in';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  defaults: tmfInFields('tmf622'),
  oneditprepare() {
    prepareTmfIn();
  },
});
