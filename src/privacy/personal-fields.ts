import { SYSTEMS } from '../endpoints/registry.js';
import { GENERIC_PERSONAL_FIELDS, type PersonalFields } from '../model/personal.js';

/** The kind of people's data in a field. */
export type FieldKind = 'names' | 'email' | 'phone' | 'address';
const KINDS = ['names', 'email', 'phone', 'address'] as const;

interface Ending {
  names: readonly string[];
  kind: FieldKind;
}

/** By the last name of a path. A stored payload does not say which system it is from, so the fields of all systems count. */
let endings: Map<string, Ending[]> | undefined;

/** Of which kind the value at a path is; undefined if it is not known to be people's data. `trail`: names, in lower case. */
export function kindAt(trail: readonly string[], owner: Readonly<Record<string, unknown>> = {}): FieldKind | undefined {
  const candidates = known().get(trail.at(-1) ?? '');
  const found = candidates?.find(({ names }) => names.every((name, index) => trail.at(index - names.length) === name));
  if (found?.kind === 'names' && sources().some(({ isOrganisation }) => isOrganisation?.(owner))) return undefined;
  return found?.kind;
}

/** The names of a mapping's path: `relatedParty[role=requester].name` is `relatedparty`, `name`. */
export function trailOf(path: string): string[] {
  return path
    .replace(/\[[^\]]{0,200}\]|\{[^}]{0,200}\}/g, '')
    .toLowerCase()
    .split('.');
}

function sources(): PersonalFields[] {
  return [GENERIC_PERSONAL_FIELDS, ...SYSTEMS.map(({ people }) => people)];
}

function known(): Map<string, Ending[]> {
  if (endings) return endings;
  endings = new Map();
  for (const fields of sources())
    for (const kind of KINDS)
      for (const path of fields[kind] ?? []) {
        const names = path.toLowerCase().split('.');
        const last = names.at(-1) ?? '';
        endings.set(last, [...(endings.get(last) ?? []), { names, kind }]);
      }
  return endings;
}
