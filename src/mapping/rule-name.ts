import { say } from '../text/say.js';
import type { Rule } from './mapping.js';
import type { Table } from './preview-result.js';

const ARROWS = { in: '→', out: '←', both: '↔' };
/** Placeholder for a missing field. */
const EMPTY = '…';

/**
 * `rule 3 (state, hold_reason ↔ state)`: a rule as people find it in the designer. It may be any JSON, because invalid rules need
 * a name too.
 */
export function ruleName(rule: Rule, index: number, table: Table): string {
  const fields = ruleFields(rule);
  return table === 'items' ? say`rule ${index + 1} of the items (${fields})` : say`rule ${index + 1} (${fields})`;
}

/** `state, … ↔ state`: the fields and directions of a rule. */
export function ruleFields(rule: Rule): string {
  const { field, generic, direction } = (rule ?? {}) as Partial<Rule>;
  const fields = [field].flat().map((path) => path || EMPTY);
  return `${fields.join(', ') || EMPTY} ${ARROWS[direction ?? 'both'] ?? ARROWS.both} ${generic || EMPTY}`;
}
