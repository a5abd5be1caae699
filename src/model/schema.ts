import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { say } from '../text/say.js';
import { genericSchema } from './generic-schema.js';
import type { Problem } from './problem.js';

const ajv = new Ajv2020({ allErrors: true });
addFormats.default(ajv);
const check = ajv.compile(genericSchema);

/** The errors of a generic message; empty when there are none. */
export function genericErrors(message: unknown): ErrorObject[] {
  return check(message) ? [] : (check.errors ?? []);
}

/** The same in words. */
export function validateGeneric(message: unknown): Problem[] {
  return genericErrors(message).map(problemOf);
}

/** An ajv error as a problem for people. */
export function problemOf(error: ErrorObject): Problem {
  const path = error.instancePath.replace(/^\//, '').replaceAll('/', '.');
  const missing = error.keyword === 'required' ? String(error.params.missingProperty) : undefined;
  const field = [path, missing].filter(Boolean).join('.') || say`the body`;
  return { level: 'error', code: 'schema', field, text: faultOf(field, error) };
}

function faultOf(field: string, { keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case 'required':
      return say`${field} is missing.`;
    case 'enum':
      return say`${field} must be one of ${(params.allowedValues as string[]).join(', ')}.`;
    case 'additionalProperties':
      return say`${field} may not have ${String(params.additionalProperty)}.`;
    case 'type':
      return say`${field} must be ${String(params.type)}.`;
    case 'format':
      return say`${field} must match format "${String(params.format)}".`;
    case 'pattern':
      return say`${field} must match pattern "${String(params.pattern)}".`;
    case 'maxLength':
      return say`${field} must NOT have more than ${Number(params.limit)} characters.`;
    case 'minItems':
      return say`${field} must NOT have fewer than ${Number(params.limit)} items.`;
    default:
      return message === undefined ? say`${field} is wrong.` : `${field} ${message}.`;
  }
}
