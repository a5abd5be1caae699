import type { Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';

/** Lengths of columns common to task tables (ServiceNow, Case API). Longer text would be cut without a word. */
const LENGTHS: Record<string, number> = {
  short_description: 160,
  description: 4000,
  close_notes: 4000,
  correlation_id: 100,
  correlation_display: 100,
};

/** What a new record must have; instances demand more by rules of their own, which answer 403. */
const MANDATORY = ['short_description'];

/** Columns nobody may set (ServiceNow, Table API: sys_ fields). */
const SYSTEM = /^sys_/;

/** What ServiceNow would refuse, cut or drop of a new record's fields. `entityType` for the text only: task tables are alike. */
export function validateServiceNowFields(entityType: string, fields: Record<string, Json>): Problem[] {
  const problem = (field: string, text: string): Problem => ({
    level: 'error',
    code: 'schema',
    field,
    text: `${field} ${text}.`,
  });
  const problems = MANDATORY.filter((name) => fields[name] === undefined || fields[name] === '').map((name) =>
    problem(name, `is missing: a ${entityType} needs it`),
  );
  for (const [name, value] of Object.entries(fields)) {
    if (SYSTEM.test(name)) problems.push(problem(name, 'is set by ServiceNow itself'));
    if (typeof value === 'object' && value !== null) problems.push(problem(name, 'must be text, a number or a boolean'));
    const length = LENGTHS[name];
    if (length !== undefined && typeof value === 'string' && value.length > length)
      problems.push(problem(name, `may have ${length} characters, this has ${value.length}`));
  }
  return problems;
}
