import { DEFAULT_ROLL_UP } from '../../src/conversation/roll-up.js';
import { CATEGORY } from '../kit/editor/category.js';
import { addStyle } from '../kit/editor/style.js';
import { preview } from './preview.editor.js';
import type { RollUpConfig } from './roll-up.config.js';
import css from './roll-up.css';
import { type RollUpList, rollUpList } from './rule-list.editor.js';

let list: RollUpList | undefined;

RED.nodes.registerType<RollUpConfig>('switchboard-roll-up', {
  category: 'switchboard',
  categoryDescription: CATEGORY,
  color: '#93C4C9',
  icon: 'switchboard-roll-up.svg',
  inputs: 1,
  outputs: 1,
  paletteLabel: 'roll up',
  inputLabels() {
    return this._('port.vendor');
  },
  outputLabels() {
    return this._('port.whole');
  },
  label() {
    return this.name || 'roll up';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  defaults: {
    name: { value: '' },
    rules: {
      value: [],
      validate(value, _options) {
        const rules = value as unknown as RollUpConfig['rules'];
        return !rules?.some((rule) => rule.of.length === 0) || this._def._('invalid.noStates');
      },
    },
  },
  oneditprepare() {
    addStyle();
    addStyle('switchboard-roll-up-style', css);
    const rollUpPreview = preview(this._);
    list = rollUpList(this._, (rules) => rollUpPreview.update(rules));
    const own = this.rules ?? [];
    list.show(own.length ? own : DEFAULT_ROLL_UP);
    $('#switchboard-roll-defaults').on('click', () => list?.show(DEFAULT_ROLL_UP));
    $('#switchboard-roll-preview').append(rollUpPreview.element);
  },
  oneditsave() {
    const rules = list?.read() ?? [];
    // The built-in rules are not copied into the flow, so that it gets their updates.
    this.rules = JSON.stringify(rules) === JSON.stringify(DEFAULT_ROLL_UP) ? [] : rules;
  },
});
