import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { Problem } from '../../model/problem.js';
import { problemOf } from '../../model/schema.js';
import { say } from '../../text/say.js';
import type { Attributes } from './attributes.js';

/*
 * Building blocks for the schemas of what a version accepts. Other attributes are allowed, as the standard requires (open
 * content).
 */

export type Schema = Record<string, unknown>;

export const text = { type: 'string' };
export const time = { type: 'string', format: 'date-time' };
export const amount = { type: 'number' };
export const object = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: 'object',
  properties,
  required,
});
/** An object of v5, where each object names its type. */
export const typed = (properties: Record<string, Schema>, required: string[] = []): Schema =>
  object({ '@type': text, ...properties }, ['@type', ...required]);
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const choice = (values: readonly string[]): Schema => ({ type: 'string', enum: [...values] });
export const each = (names: readonly string[], schema: Schema): Record<string, Schema> =>
  Object.fromEntries(names.map((name) => [name, schema]));

const ajv = new Ajv({ allErrors: true, strict: false });
addFormats.default(ajv);

export type Check = ValidateFunction;

export function compileSchema(schema: Schema): Check {
  return ajv.compile(schema);
}

/** The problems that a schema finds in a body; empty when there are none. */
export function problemsOf(check: Check, body: unknown): Problem[] {
  return check(body) ? [] : ours(check.errors);
}

/** The same for a PATCH, including attributes that are not patchable. */
export function patchProblems(check: Check, body: Attributes, notPatchable: ReadonlySet<string>): Problem[] {
  const fixed = Object.keys(body).filter((name) => notPatchable.has(name));
  return [
    ...problemsOf(check, body),
    ...fixed.map(
      (name): Problem => ({ level: 'error', code: 'schema', field: name, text: say`${name} cannot be changed by a PATCH.` }),
    ),
  ];
}

/** The keyword "if" only repeats the errors of its branch. */
function ours(errors: ErrorObject[] | null | undefined): Problem[] {
  return (errors ?? []).filter((e) => e.keyword !== 'if').map(problemOf);
}
