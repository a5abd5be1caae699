import { Ajv } from 'ajv';

const TEXT = { type: 'string' };
const TEXTS = { anyOf: [TEXT, { type: 'array', items: TEXT }] };
const OPTIONS = { type: 'object', properties: { in: TEXT, out: TEXT } };
const RULE = {
  type: 'object',
  properties: {
    field: TEXTS,
    generic: TEXT,
    direction: TEXT,
    values: {
      type: 'array',
      items: { type: 'object', required: ['partner', 'generic'], properties: { partner: TEXTS, generic: TEXT, direction: TEXT } },
    },
    onlyIf: { type: 'object', required: ['generic', 'is'], properties: { generic: TEXT, is: { type: 'array', items: TEXT } } },
    default: { type: 'object' },
    expression: OPTIONS,
    when: OPTIONS,
    required: TEXT,
    type: TEXT,
    sendEmptied: { type: 'boolean' },
    maxLength: { type: 'number' },
  },
};
const RULES = { type: 'array', items: RULE };
const MAPPING = {
  type: 'object',
  required: ['rules'],
  properties: {
    name: TEXT,
    system: TEXT,
    version: TEXT,
    entityType: TEXT,
    rules: RULES,
    items: { type: 'object', required: ['rules'], properties: { field: TEXT, rules: RULES } },
    internalComments: TEXT,
  },
};

const check = new Ajv().compile(MAPPING);

/**
 * Which part of a value has not the type that a mapping has there, as a path; undefined: all have. A mapping of that shape may still be
 * unfinished or wrong, which compiling it shows.
 */
export function misshapen(value: unknown): string | undefined {
  if (check(value)) return undefined;
  return `mapping${(check.errors?.[0]?.instancePath ?? '').replaceAll('/', '.')}`;
}
