import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse as parseYaml } from 'yaml';

/** The official API definitions, which are not part of the project: in the folder `SWITCHBOARD_SPECS`, otherwise next to the project. */
const FOLDER = process.env.SWITCHBOARD_SPECS ?? join('..', 'shared', 'specs');

const FILES = {
  'TMF621 v4': 'TMF621-TroubleTicket-v4.0.0.swagger.json',
  'TMF621 v5': 'TMF621-Trouble_Ticket-v5.0.1.oas.yaml',
  'TMF622 v4': 'TMF622-ProductOrder-v4.0.0.swagger.json',
  'TMF622 v5': 'TMF622-ProductOrdering-v5.0.0.oas.yaml',
} as const;
export type SpecName = keyof typeof FILES;

type Schema = { [keyword: string]: unknown };

export interface Spec {
  /** Violations of the official definition of that name; empty if there are none. Unknown attributes count as violations. */
  problems(definition: string, value: unknown): string[];
}

/** The definition, or undefined if it is absent: tests that need it are skipped. */
export function spec(name: SpecName): Spec | undefined {
  const path = join(FOLDER, FILES[name]);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  const document = discriminated(path.endsWith('.json') ? JSON.parse(text) : parseYaml(text)) as Schema;
  const root = 'definitions' in document ? '/definitions' : '/components/schemas';
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  addFormats.default(ajv);
  ajv.addFormat('base64', /^[A-Za-z0-9+/]*={0,2}$/);
  ajv.addSchema({ $id: 'spec', ...document });
  const attributes = (definition: string): Set<string> => {
    const schemas = (document.definitions ?? (document.components as Schema).schemas) as Record<string, Schema>;
    const of = (schema: Schema): string[] => [
      ...Object.keys((schema.properties as object) ?? {}),
      ...((schema.allOf as Schema[]) ?? []).flatMap((part) =>
        typeof part.$ref === 'string' ? of(schemas[part.$ref.split('/').at(-1) ?? ''] ?? {}) : of(part),
      ),
    ];
    return new Set(of(schemas[definition] ?? {}));
  };
  return {
    problems(definition, value) {
      const check = ajv.getSchema(`spec#${root}/${definition}`);
      if (!check) throw new Error(`${name} defines no ${definition}.`);
      const known = attributes(definition);
      const unknown = Object.keys(value as object).filter((attribute) => !known.has(attribute));
      const wrong = check(value) ? [] : (check.errors ?? []).filter((e) => e.keyword !== 'if');
      return [
        ...wrong.map((e) => `${e.instancePath} ${e.message}`),
        ...unknown.map((attribute) => `/${attribute} is not defined`),
      ];
    },
  };
}

/** With open objects several branches of `oneOf` can match: with a discriminator only the branch named by @type applies. */
function discriminated(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(discriminated);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, discriminated(value)])) as Schema;
  const { oneOf, discriminator, ...rest } = copy as Schema & { discriminator?: { propertyName: string; mapping?: object } };
  if (!Array.isArray(oneOf) || !discriminator?.mapping) return copy;
  const { propertyName, mapping } = discriminator;
  const branches = Object.entries(mapping).map(([type, $ref]) => ({
    if: { properties: { [propertyName]: { const: type } }, required: [propertyName] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
    then: { $ref },
  }));
  const known = { properties: { [propertyName]: { enum: Object.keys(mapping) } }, required: [propertyName] };
  return { ...rest, allOf: [...((rest.allOf as unknown[]) ?? []), known, ...branches] };
}

/** The examples in a definition, by name; none if it is absent or has none. */
export function specExamples(name: SpecName): Record<string, unknown> {
  const path = join(FOLDER, FILES[name]);
  if (!existsSync(path) || path.endsWith('.json')) return {};
  const document = parseYaml(readFileSync(path, 'utf8')) as { components?: { examples?: Record<string, { value: unknown }> } };
  return Object.fromEntries(Object.entries(document.components?.examples ?? {}).map(([key, { value }]) => [key, value]));
}
