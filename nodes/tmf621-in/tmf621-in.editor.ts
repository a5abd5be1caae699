import { CATEGORY } from '../kit/editor/category.js';
import { openInvalid, showBy } from '../kit/editor/fields.js';
import { addStyle } from '../kit/editor/style.js';
import { address, number, when } from '../kit/editor/validate.js';
import type { Tmf621InConfig } from './tmf621-in.config.js';

const PREFIX = 'node-input';

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
  defaults: {
    name: { value: '' },
    endpoint: { value: '', type: 'switchboard-tmf-endpoint', required: true },
    hub: { value: true },
    publicUrl: { value: '', validate: when((node) => node.hub, address({ optional: true })) },
    query: { value: '' },
    renewInterval: { value: '60', validate: when((node) => node.hub, number({ from: 1, to: 10080 })) },
    eventLimit: { value: '10240', validate: when((node) => node.hub, number({ from: 1 })) },
    poll: { value: false },
    pollInterval: { value: '60', validate: when((node) => node.poll, number({ from: 1, to: 86400 })) },
  },
  oneditprepare() {
    addStyle();
    showBy(PREFIX, 'hub');
    showBy(PREFIX, 'poll');
    openInvalid(PREFIX);
  },
});
