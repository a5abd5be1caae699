import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import type { SystemForm } from '../../src/endpoints/form.js';
import { FORMS } from '../../src/endpoints/forms.js';

export interface Pack {
  name: string;
  version: string;
  license: string;
  keywords: string[];
  engines: { node: string };
  dependencies: Record<string, string>;
  peerDependencies?: Record<string, string>;
  repository?: unknown;
  bugs?: unknown;
  'node-red': { version: string; nodes: Record<string, string>; plugins: Record<string, string> };
}

export const pack = JSON.parse(readFileSync('package.json', 'utf8')) as Pack;
export const nodeSets = pack['node-red'].nodes;
export const allSets = { ...nodeSets, ...pack['node-red'].plugins };

export interface Definition {
  category: string;
  color?: string;
  icon?: string;
  inputs?: number;
  outputs?: number;
  paletteLabel?: string;
  align?: string;
  inputLabels?: unknown;
  outputLabels?: unknown;
  defaults: Record<string, { value: unknown; type?: string; validate?: (value: unknown, options: unknown) => boolean | string }>;
  credentials?: Record<string, { type: string }>;
}

/** The HTML that Node-RED sends to the editor for a node set. */
export function builtHtml(set: string): string {
  return readFileSync((allSets[set] ?? '').replace(/\.js$/, '.html'), 'utf8');
}

/** Runs the built editor script of a set and returns the registered definitions by type. */
export function definitions(set: string): Record<string, Definition> {
  const found: Record<string, Definition> = {};
  const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(builtHtml(set))?.[1] ?? '';
  const RED = {
    nodes: {
      registerType: (type: string, definition: Definition) => {
        found[type] = definition;
      },
      node: () => null,
      eachNode: () => undefined,
    },
    editor: { getEditStack: () => [] },
    plugins: { registerPlugin: () => undefined },
  };
  runInContext(script, createContext({ RED, URL }));
  return found;
}

export function nodeType(set: string): string {
  return set.startsWith('switchboard-') ? set : `switchboard-${set}`;
}

/** The definition registered by a node set. */
export function definition(set: string): Definition {
  const registered = definitions(set)[nodeType(set)];
  if (!registered) throw new Error(`${set} does not register ${nodeType(set)}`);
  return registered;
}

export const configSets = () => Object.keys(nodeSets).filter((set) => definition(set).category === 'config');
export const flowSets = () => Object.keys(nodeSets).filter((set) => definition(set).category !== 'config');

type Labels = { [key: string]: string | Labels };

/** The texts of a message catalog by dotted key. */
export function catalog(set: string, language: string, root = 'dist/nodes'): Map<string, string> {
  const file = join(root, set, 'locales', language, `${set}.json`);
  return flat(JSON.parse(readFileSync(file, 'utf8')) as Labels);
}

export function flat(labels: Labels, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(labels).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...flat(value, `${prefix}${key}.`)],
    ),
  );
}

/** The source file of a set's labels or help, in its folder in nodes/ or in that of its system. */
export function sourceOf(set: string, language: string, ending: 'json' | 'md'): string {
  const path = join('locales', language, `${set}.${ending}`);
  const systems = readdirSync('src/endpoints').map((name) => join('src/endpoints', name));
  const found = [join('nodes', set), ...systems].map((folder) => join(folder, path)).find(existsSync);
  if (!found) throw new Error(`${set} has no ${path}`);
  return found;
}

/** The system of a node set, and which of the system's nodes it contains; undefined for other sets. */
export function systemSet(set: string): { kind: 'endpoint' | 'in' | 'out'; form: SystemForm } | undefined {
  const endpoint = FORMS.find((form) => form.endpoint.node === set);
  if (endpoint) return { kind: 'endpoint', form: endpoint };
  for (const form of FORMS) for (const kind of ['in', 'out'] as const) if (set === `${form.id}-${kind}`) return { kind, form };
  return undefined;
}
