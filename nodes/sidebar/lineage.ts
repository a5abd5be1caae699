import type { EntityRequest } from '../../src/conversation/entity-request.js';
import type { AppliedMapping, Trace } from '../../src/mapping/mapping.js';
import { type Path, parsePath } from '../../src/mapping/paths.js';
import type { Json } from '../../src/model/message.js';
import type { AppliedRule, FieldLine, FieldValue } from './views.js';

/** Maximum number of payload fields listed one by one; the full payload is shown as JSON below. */
const MAX_FIELDS = 200;

/** A payload as a list of its leaves by path, without empty ones. */
export function leaves(value: Json | undefined, path = ''): FieldValue[] {
  if (value === undefined || value === null || value === '') return [];
  const below = (entries: [string, Json][]) => entries.flatMap(([name, one]) => leaves(one, name)).slice(0, MAX_FIELDS);
  if (Array.isArray(value)) return below(value.map((one, index) => [`${path}[${index}]`, one]));
  if (typeof value === 'object')
    return below(Object.entries(value).map(([name, one]) => [path ? `${path}.${name}` : name, one as Json]));
  return [{ path, value }];
}

/** How each field of an outgoing payload was made: by which rule, and by which inbound rule its source was made. */
export function fieldLines(request: EntityRequest, record: Record<string, Json> | undefined): FieldLine[] {
  const { made, read, fields, generic } = request;
  const edited = new Set(request.edited ?? []);
  const lines = Object.entries(made?.trace ?? {}).flatMap(([target, step]): FieldLine[] => {
    const place = find(fields, target);
    if (!place || !made || edited.has(top(target))) return [];
    const rules = step.source.map((source) => ruleBefore(source, read, generic, record));
    return [{ ...place, made: applied(step, made), from: rules }];
  });
  const explained = new Set(lines.map((line) => top(line.path)));
  const others = Object.keys(fields).filter((name) => !explained.has(name));
  return [
    ...lines,
    ...others.map((name): FieldLine => ({ path: name, value: fields[name] as Json, from: [], edited: edited.has(name) })),
  ];
}

/** The inbound rule that made a generic value, with the partner's fields it read. */
function ruleBefore(
  generic: string,
  read: AppliedMapping | undefined,
  values: Record<string, Json>,
  record: Record<string, Json> | undefined,
): FieldLine['from'][number] {
  const step = read?.trace[generic];
  const value = find(values, generic)?.value;
  if (!step || !read) return { generic, value, fields: [] };
  const fields = step.source.flatMap((source) => (record ? (find(record, source) ?? []) : []));
  return { generic, value, made: applied(step, read), fields };
}

/** Rules and rows are numbered from one, as in the mapping's dialog. */
function applied({ rule, row, kind }: Trace[string], { mapping, node }: AppliedMapping): AppliedRule {
  return { mapping, ...(node && { node }), rule: rule + 1, ...(row !== undefined && { row: row + 1 }), kind };
}

/**
 * The value at a path, and the path with the index of each element: `relatedParty[role=requester].name` becomes
 * `relatedParty[0].name`.
 */
function find(tree: Record<string, Json>, text: string): FieldValue | undefined {
  let path: Path;
  try {
    path = parsePath(text);
  } catch {
    return undefined;
  }
  let here: Json | undefined = tree as Json;
  const names: string[] = [];
  for (const { name, element } of path.steps) {
    here = (here as { [key: string]: Json } | undefined)?.[name];
    if (!element || !Array.isArray(here)) {
      names.push(name);
    } else {
      const index = here.findIndex((one) => isElement(one, element));
      here = here[index];
      names.push(`${name}[${index}]`);
    }
    if (typeof here !== 'object' || here === null) break;
  }
  return here === undefined || here === null || names.length < path.steps.length
    ? undefined
    : { path: names.join('.'), value: here };
}

function isElement(one: Json, element: Record<string, string>): boolean {
  // An order item is addressed by its id alone: items[2].
  const [first] = Object.entries(element);
  if (first && first[1] === undefined) return String((one as { id?: Json })?.id) === first[0];
  return Object.entries(element).every(
    ([name, value]) => name.startsWith('@') || String((one as { [key: string]: Json })?.[name]) === value,
  );
}

const top = (path: string) => path.split(/[.[{]/)[0] ?? path;
