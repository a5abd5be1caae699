import { CATEGORY } from '../kit/editor/category.js';
import { addStyle } from '../kit/editor/style.js';
import type { NormalizeConfig } from './normalize.config.js';

RED.nodes.registerType<NormalizeConfig>('switchboard-normalize', {
  category: 'switchboard',
  categoryDescription: CATEGORY,
  color: '#93C4C9',
  icon: 'switchboard-normalize.svg',
  inputs: 1,
  outputs: 1,
  paletteLabel: 'normalize',
  inputLabels() {
    return this._('port.record');
  },
  outputLabels() {
    return this._('port.generic');
  },
  label() {
    return this.name || 'normalize';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  defaults: {
    name: { value: '' },
    mapping: { value: '', type: 'switchboard-mapping', required: false },
  },
  oneditprepare() {
    addStyle();
  },
});
