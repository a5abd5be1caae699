import { CATEGORY } from '../kit/editor/category.js';
import { copyField, httpRoot } from '../kit/editor/copy-field.js';
import { settleCredentials } from '../kit/editor/credentials.js';
import { entityTypeSelect } from '../kit/editor/entity-types.js';
import { field, openInvalid, showBy } from '../kit/editor/fields.js';
import { addStyle } from '../kit/editor/style.js';
import { number, text, when } from '../kit/editor/validate.js';
import type { ServiceNowInConfig, ServiceNowInCredentials } from './servicenow-in.config.js';
import { freePath, pathTaken } from './webhook-path.editor.js';

const PREFIX = 'node-input';

RED.nodes.registerType<ServiceNowInConfig, ServiceNowInCredentials>('switchboard-servicenow-in', {
  category: 'switchboard',
  categoryDescription: CATEGORY,
  color: '#66AAAF',
  icon: 'switchboard-servicenow-in.svg',
  inputs: 0,
  outputs: 1,
  paletteLabel: 'servicenow in',
  outputLabels() {
    return this._('port.record');
  },
  label() {
    return this.name || 'servicenow in';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  defaults: {
    name: { value: '' },
    endpoint: { value: '', type: 'switchboard-servicenow-endpoint', required: true },
    entityType: { value: 'incident', required: true },
    webhook: { value: true },
    path: {
      value: '',
      validate(value, _options) {
        if (!this.webhook) return true;
        if (!value) return this._def._('invalid.missing');
        return pathTaken(this.id, value) ? this._def._('invalid.pathTaken') : true;
      },
    },
    webhookAuth: { value: 'header' },
    webhookHeader: {
      value: 'x-switchboard-secret',
      validate: when((node) => node.webhook && node.webhookAuth !== 'basic', text()),
    },
    hmacPrefix: { value: '' },
    webhookLimit: { value: '1024', validate: when((node) => node.webhook, number({ from: 1 })) },
    poll: { value: false },
    pollInterval: { value: '30', validate: when((node) => node.poll, number({ from: 1, to: 86400 })) },
  },
  credentials: {
    secret: { type: 'password' },
    webhookUser: { type: 'text' },
    webhookPassword: { type: 'password' },
  },
  onadd() {
    if (!this.path) this.path = freePath(this.id);
  },
  oneditprepare() {
    addStyle();
    settleCredentials(this);
    entityTypeSelect(PREFIX, this.entityType);
    showBy(PREFIX, 'webhookAuth');
    showBy(PREFIX, 'webhook');
    showBy(PREFIX, 'poll');
    const path = field(PREFIX, 'path');
    const url = () => httpRoot() + String(path.val()).replace(/^\/+/, '');
    copyField(PREFIX, 'switchboard-copy', url, [path], this._);
    openInvalid(PREFIX);
  },
});
