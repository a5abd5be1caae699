import { LEG_NAME } from '../../src/conversation/fan-out-rules.js';
import { CATEGORY } from '../kit/editor/category.js';
import { openInvalid, showBy } from '../kit/editor/fields.js';
import { addStyle } from '../kit/editor/style.js';
import type { FanOutConfig } from './fan-out.config.js';
import css from './fan-out.css';
import { type LegList, legList } from './leg-list.editor.js';

let legs: LegList | undefined;

RED.nodes.registerType<FanOutConfig>('switchboard-fan-out', {
  category: 'switchboard',
  categoryDescription: CATEGORY,
  color: '#93C4C9',
  icon: 'switchboard-fan-out.svg',
  inputs: 1,
  outputs: 1,
  paletteLabel: 'fan out',
  inputLabels() {
    return this._('port.generic');
  },
  outputLabels(index) {
    return this.legs?.[index]?.name ?? this._(this.by === 'target' ? 'port.nobody' : 'port.unassigned');
  },
  label() {
    return this.name || 'fan out';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  defaults: {
    name: { value: '' },
    by: { value: 'item' },
    legs: {
      value: [],
      validate(value, _options) {
        const list = value as unknown as FanOutConfig['legs'];
        if (!Array.isArray(list) || list.length === 0) return this._def._('invalid.noLegs');
        const names = list.map((leg) => leg.name);
        const invalid = names.find((name) => !LEG_NAME.test(name));
        if (invalid !== undefined) return this._def._('invalid.legName', { name: invalid });
        if (new Set(names).size < names.length) return this._def._('invalid.legTwice');
        const withoutRule = list.find((leg) => this.by === 'item' && !leg.takes?.some((rule) => rule.field && rule.is.length));
        if (withoutRule) return this._def._('invalid.takesNothing', { name: withoutRule.name });
        const missing = list.flatMap((leg) => leg.after ?? []).find((predecessor) => !names.includes(predecessor.leg));
        return missing ? this._def._('invalid.noPredecessor', { name: missing.leg }) : true;
      },
    },
    onFailure: { value: 'keep' },
    outputs: { value: 1 },
  },
  oneditprepare() {
    addStyle();
    addStyle('switchboard-fan-out-style', css);
    legs = legList(this._);
    legs.show(this.legs ?? []);
    showBy('node-input', 'by');
    openInvalid('node-input');
  },
  oneditsave() {
    if (!legs) return;
    const { legs: edited, ports } = legs.read(String($('#node-input-by').val()) as FanOutConfig['by']);
    this.legs = edited;
    // Node-RED accepts a map old port → new port here, so that wires stay with their legs ('-1' removes the port).
    $('#node-input-outputs').val(JSON.stringify(ports));
    this.outputs = edited.length + 1;
  },
});
