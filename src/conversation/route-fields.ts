import { genericSchema } from '../model/generic-schema.js';

/* The fields that conditions of a route node can read; shared by its dialog and the runtime. */

/** Parts of a message outside its fields that conditions may read. */
export const HEADING: readonly string[] = ['entity', 'event', 'source', 'comments'];

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}

const { fields, ...message } = (genericSchema as Schema).properties ?? {};
/** What conditions read: the fields, and the heading. */
const ROOT: Schema = {
  type: 'object',
  properties: { ...fields?.properties, ...Object.fromEntries(HEADING.map((name) => [name, message[name] ?? {}])) },
};
const PATHS = pathsIn(ROOT);

/** Whether a field of a condition can have a value: it is in the generic model, or within an object with free names such as `custom`. */
export function isRouteField(field: string): boolean {
  let schema: Schema | undefined = ROOT;
  for (const step of field.trim().split('.')) {
    schema = schema.items ?? schema;
    if (!step || schema.type !== 'object') return false;
    if (!schema.properties) return true;
    schema = Object.hasOwn(schema.properties, step) ? schema.properties[step] : undefined;
    if (!schema) return false;
  }
  return true;
}

/** Longer names are no misspelt fields. */
const MAX_FIELD = 100;

/** The field that was probably meant by one that does not exist: written as in an expression, in another case, or misspelt. */
export function likelyField(field: string): string | undefined {
  const wanted = field.trim().replace(/^.*\bfields\.(?=.)/, '');
  if (wanted.endsWith('.') || wanted.length > MAX_FIELD) return undefined;
  if (isRouteField(wanted)) return wanted;
  const lower = wanted.toLowerCase();
  // A short name has few letters to tell it from the others.
  const mostErrors = Math.min(2, Math.floor(wanted.length / 3));
  const similar = PATHS.filter((path) => Math.abs(path.length - lower.length) <= mostErrors)
    .map((path) => ({ path, errors: errorsBetween(lower, path.toLowerCase()) }))
    .filter(({ errors }) => errors <= mostErrors);
  const [best] = similar.sort((one, other) => one.errors - other.errors);
  return best ? best.path : PATHS.find((path) => path.toLowerCase().endsWith(`.${lower}`));
}

function pathsIn({ properties = {} }: Schema, before = ''): string[] {
  const named = Object.entries(properties).map(([name, schema]) => [`${before}${name}`, schema.items ?? schema] as const);
  return [...named.map(([path]) => path), ...named.flatMap(([path, schema]) => pathsIn(schema, `${path}.`))];
}

/** The fewest letters to insert, remove or replace to turn one text into the other. */
function errorsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++)
      next.push(Math.min((row[j] ?? 0) + (letter === other[j] ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    row = next;
  }
  return row[other.length] ?? 0;
}
