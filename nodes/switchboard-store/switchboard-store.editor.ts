import { updateSettings } from '../kit/editor/settings.js';
import { addStyle } from '../kit/editor/style.js';
import { number, text } from '../kit/editor/validate.js';
import { type StoreConfig, storeDefaults } from './switchboard-store.config.js';

RED.nodes.registerType<StoreConfig>('switchboard-store', {
  category: 'config',
  defaults: {
    name: { value: '' },
    path: { value: 'switchboard', validate: text() },
    retentionDays: { value: '90', validate: number({ from: 1 }) },
    retentionMegabytes: { value: '2048', validate: number({ from: 16 }) },
    auditMonths: { value: '24', validate: number({ from: 1, optional: true }) },
    inboxLimit: { value: '10000', validate: number({ from: 1 }) },
    flowTimeout: { value: '120', validate: number({ from: 1, to: 86400 }) },
    maskNames: { value: false },
    maskEmail: { value: false },
    maskPhone: { value: false },
  },
  label() {
    return this.name || this.path || 'switchboard store';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    addStyle();
    updateSettings('node-config-input', this, storeDefaults);
  },
});
