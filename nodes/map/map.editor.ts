import { CATEGORY } from '../kit/editor/category.js';
import { systemOfNode } from '../kit/editor/endpoints.js';
import { entityTypeSelect } from '../kit/editor/entity-types.js';
import { addStyle } from '../kit/editor/style.js';
import { text } from '../kit/editor/validate.js';
import type { MapConfig } from './map.config.js';

RED.nodes.registerType<MapConfig>('switchboard-map', {
  category: 'switchboard',
  categoryDescription: CATEGORY,
  color: '#93C4C9',
  icon: 'switchboard-map.svg',
  inputs: 1,
  outputs: 2,
  paletteLabel: 'map',
  inputLabels() {
    return this._('port.generic');
  },
  outputLabels(index) {
    return this._(index === 0 ? 'port.valid' : 'port.invalid');
  },
  label() {
    return this.name || 'map';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  defaults: {
    name: { value: '' },
    // No `type`, because the endpoint may be of any system, and the editor allows only one config node type per setting.
    endpoint: {
      value: '',
      validate(value, _options) {
        if (!value) return this._def._('invalid.missing');
        return value.startsWith('${') || RED.nodes.node(value) !== null || this._def._('invalid.endpointGone');
      },
    },
    entityType: { value: '', validate: text() },
    mapping: { value: '', type: 'switchboard-mapping', required: false },
  },
  oneditprepare() {
    addStyle();
    fillEndpoints(this);
    entityTypeSelect('node-input', this.entityType);
  },
});

function fillEndpoints(node: EditorNode<MapConfig>): void {
  const select = $('#node-input-endpoint');
  select.append($('<option>').val('').text(node._('dialog.choose')));
  RED.nodes.eachConfig((config) => {
    if (!systemOfNode(config)) return;
    const name = config.name || String(config.baseUrl || config.id);
    select.append($('<option>').val(config.id).text(name));
  });
  select.val(node.endpoint ?? '');
}
