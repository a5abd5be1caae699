import { CATEGORY } from '../kit/editor/category.js';
import { addStyle } from '../kit/editor/style.js';
import type { ConversationCorrelateConfig } from './conversation-correlate.config.js';

const OUTPUTS = ['new', 'update', 'ignored'];

RED.nodes.registerType<ConversationCorrelateConfig>('switchboard-conversation-correlate', {
  category: 'switchboard',
  categoryDescription: CATEGORY,
  color: '#93C4C9',
  icon: 'switchboard-conversation-correlate.svg',
  inputs: 1,
  outputs: 3,
  paletteLabel: 'conversation correlate',
  inputLabels() {
    return this._('port.generic');
  },
  outputLabels(index) {
    return this._(`port.${OUTPUTS[index]}`);
  },
  label() {
    return this.name || 'conversation correlate';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  defaults: {
    name: { value: '' },
  },
  oneditprepare() {
    addStyle();
  },
});
