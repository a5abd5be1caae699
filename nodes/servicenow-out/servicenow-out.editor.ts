import { CATEGORY } from '../kit/editor/category.js';
import { entityTypeSelect } from '../kit/editor/entity-types.js';
import { addStyle } from '../kit/editor/style.js';
import type { ServiceNowOutConfig } from './servicenow-out.config.js';

RED.nodes.registerType<ServiceNowOutConfig>('switchboard-servicenow-out', {
  category: 'switchboard',
  categoryDescription: CATEGORY,
  color: '#66AAAF',
  icon: 'switchboard-servicenow-out.svg',
  align: 'right',
  inputs: 1,
  outputs: 1,
  paletteLabel: 'servicenow out',
  inputLabels() {
    return this._('port.payload');
  },
  outputLabels() {
    return this._('port.answer');
  },
  label() {
    return this.name || 'servicenow out';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  defaults: {
    name: { value: '' },
    endpoint: { value: '', type: 'switchboard-servicenow-endpoint', required: true },
    entityType: { value: 'incident', required: true },
  },
  oneditprepare() {
    addStyle();
    entityTypeSelect('node-input', this.entityType);
  },
});
