import { routeHints } from '../../src/conversation/route-hints.js';
import { type RouteProblem, routeProblems } from '../../src/conversation/route-rules.js';
import { CATEGORY } from '../kit/editor/category.js';
import { sideOfEndpoint } from '../kit/editor/endpoints.js';
import { addStyle } from '../kit/editor/style.js';
import { isExpression } from '../kit/editor/validate.js';
import { type PartyList, partyList } from './party-list.editor.js';
import { endpointName, fillParties } from './party-select.editor.js';
import { routePreview } from './preview.editor.js';
import { problemText } from './problem-text.editor.js';
import type { RouteConfig } from './route.config.js';
import css from './route.css';
import { type RuleList, ruleList } from './rule-list.editor.js';

let parties: PartyList | undefined;
let rules: RuleList | undefined;

RED.nodes.registerType<RouteConfig>('switchboard-route', {
  category: 'switchboard',
  categoryDescription: CATEGORY,
  color: '#93C4C9',
  icon: 'switchboard-route.svg',
  inputs: 1,
  outputs: 1,
  paletteLabel: 'route',
  inputLabels() {
    return this._('port.generic');
  },
  outputLabels(index) {
    const endpoint = this.parties?.[index];
    return endpoint === undefined ? this._('port.noMatch') : (endpointName(endpoint) ?? endpoint);
  },
  label() {
    return this.name || 'route';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  defaults: {
    name: { value: '' },
    parties: {
      value: [],
      validate(value, _options) {
        const list = value as unknown as RouteConfig['parties'];
        const gone = list.find((endpoint) => endpoint && !endpointName(endpoint));
        if (gone !== undefined) return this._def._('invalid.endpointGone');
        const [problem] = problemsOf({ ...this, parties: list });
        return problem ? problemText(problem, this._def._) : true;
      },
    },
    rules: { value: [] },
    matches: { value: 'first' },
    otherwise: { value: '' },
    outputs: { value: 1 },
  },
  oneditprepare() {
    addStyle();
    addStyle('switchboard-route-style', css);
    const preview = routePreview(this._);
    $('#switchboard-route-preview').append(preview.element);
    const otherwise = $('#node-input-otherwise');
    let chosen = this.otherwise ?? '';
    const current = () => ({
      parties: parties?.read() ?? [],
      rules: rules?.read() ?? [],
      matches: String($('#node-input-matches').val()) as RouteConfig['matches'],
      otherwise: chosen,
    });
    const changed = () => {
      const edited = current();
      fillParties(otherwise, chosen, this._('dialog.nobody'), edited.parties.filter(Boolean));
      const problems = problemsOf(edited);
      rules?.mark(problems, routeHints(edited, sideOfEndpoint));
      const text = problems.map((problem) => problemText(problem, this._)).join('\n');
      // Screen readers announce every write.
      const box = $('#switchboard-route-problems');
      if (box.text() !== text) box.text(text);
      preview.update(edited);
    };
    parties = partyList(this._, changed);
    rules = ruleList(this._, () => (parties?.read() ?? []).filter(Boolean), changed);
    parties.show(this.parties ?? []);
    rules.show(this.rules ?? []);
    $('#node-input-matches').on('change', changed);
    otherwise.on('change', () => {
      chosen = String(otherwise.val() ?? '');
      changed();
    });
    changed();
  },
  oneditsave() {
    if (!parties || !rules) return;
    const hasLast = String($('#node-input-otherwise').val() ?? '') === '';
    // Node-RED accepts a map old port → new port here, so that wires stay with their parties ('-1' removes the port).
    $('#node-input-outputs').val(JSON.stringify(parties.ports(!this.otherwise, hasLast)));
    this.parties = parties.read();
    this.rules = rules.read();
    this.outputs = this.parties.length + (hasLast ? 1 : 0);
  },
});

function problemsOf({ parties = [], rules = [], matches = 'first', otherwise = '' }: Partial<RouteConfig>): RouteProblem[] {
  return routeProblems({ parties, rules, matches, otherwise }, isExpression);
}
