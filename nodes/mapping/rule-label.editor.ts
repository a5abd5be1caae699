import { ruleFields } from '../../src/mapping/rule-name.js';
import type { RulePlace } from './designer/document.js';

/** The name of a rule as in the runtime's errors, in the editor's language. */
export function ruleLabel({ table, index, rule }: RulePlace, t: Translate): string {
  return t(table === 'items' ? 'rule.itemName' : 'rule.name', { number: index + 1, fields: ruleFields(rule) });
}
