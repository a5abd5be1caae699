import type { Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import { say } from '../../text/say.js';
import { LINES, LINES_FIELD } from './lines.js';

/** Maximum lengths of columns common to task tables (ServiceNow, Case API). ServiceNow cuts longer text silently. */
const LENGTHS: Record<string, number> = {
  short_description: 160,
  description: 4000,
  close_notes: 4000,
  correlation_id: 100,
  correlation_display: 100,
};

/** Columns that a new record must have; an instance may require more by rules of its own, which answer 403. */
const MANDATORY = ['short_description'];

/** Columns that cannot be set (ServiceNow, Table API: sys_ fields). */
const SYSTEM = /^sys_/;

/**
 * Fields of a new record that ServiceNow would refuse, cut or drop. `entityType` is used in the text only: task tables are alike.
 */
export function validateServiceNowFields(entityType: string, fields: Record<string, Json>): Problem[] {
  const problem = (field: string, text: string): Problem => ({
    level: 'error',
    code: 'schema',
    field,
    text,
  });
  const problems = MANDATORY.filter((name) => fields[name] === undefined || fields[name] === '').map((name) =>
    problem(name, say`${name} is missing: a ${entityType} needs it.`),
  );
  const { [LINES_FIELD]: lines, ...columns } = fields;
  if (lines !== undefined && !(Array.isArray(lines) && lines.every(isObject)))
    problems.push(problem(LINES_FIELD, say`${LINES_FIELD} must be a list of lines.`));
  for (const [i, line] of (Array.isArray(lines) ? lines : []).filter(isObject).entries())
    problems.push(...columnProblems(withoutValues(line), (name) => `${LINES_FIELD}[${i}].${name}`));
  return [...problems, ...columnProblems(columns, (name) => name)];
}

/** Named values of a line, which are stored in rows of their own. */
const VALUES = new Set(Object.values(LINES).map((lines) => lines.values.as as string));

function withoutValues(line: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(Object.entries(line).filter(([name, value]) => !(VALUES.has(name) && isObject(value))));
}

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function columnProblems(columns: Record<string, Json>, place: (name: string) => string): Problem[] {
  const problems: Problem[] = [];
  const problem = (field: string, text: string) => problems.push({ level: 'error', code: 'schema', field, text });
  for (const [name, value] of Object.entries(columns)) {
    const field = place(name);
    if (SYSTEM.test(name)) problem(field, say`${field} is set by ServiceNow itself.`);
    if (typeof value === 'object' && value !== null) problem(field, say`${field} must be a text, a number or a boolean.`);
    const length = LENGTHS[name];
    if (length !== undefined && typeof value === 'string' && value.length > length)
      problem(field, say`${field} is too long: ${value.length} of at most ${length} characters.`);
  }
  return problems;
}
