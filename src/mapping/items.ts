import type { GenericMessage, Json } from '../model/message.js';
import { PROGRESS_FIELDS } from '../model/message.js';
import { say } from '../text/say.js';
import type { CompiledRule } from './compile-rule.js';
import type { Mapping, Notation, Problem, Trace } from './mapping.js';
import { applyIn, applyOut, type Evaluate, type Tree } from './rules.js';

const ID = 'id';
const isProgress = (name: string) => PROGRESS_FIELDS.includes(name);

/**
 * Splits the partner's items into what is ordered (`items`) and its status (`progress`). These are two generic values, because
 * each comes from another party and must not look changed when only the other one did.
 */
export async function itemsIn(
  mapping: Mapping,
  rules: CompiledRule[],
  record: Tree,
  evaluate: Evaluate,
): Promise<{ fields: Tree; trace: Trace; problems: Problem[] }> {
  const field = mapping.items?.field ?? '';
  const given = record[field];
  const trace: Trace = {};
  const problems: Problem[] = [];
  if (!Array.isArray(given)) return { fields: {}, trace, problems };
  const items: Json[] = [];
  const progress: Json[] = [];
  for (const element of given) {
    if (!isTree(element)) continue;
    const found = await applyIn(rules, element, evaluate, { keepsState: true });
    problems.push(...found.problems.map((p) => ({ ...p, field: `${field}.${p.field}` })));
    const id = String(found.fields[ID] ?? '');
    if (!id) {
      const text = say`An entry of ${field} has no id of its item, and was left out.`;
      problems.push({ level: 'warning', code: 'required', field: `${field}.${ID}`, text });
      continue;
    }
    const names = Object.keys(found.fields).filter((name) => name !== ID);
    items.push(pick(found.fields, [ID, ...names.filter((name) => !isProgress(name))]));
    if (names.some(isProgress)) progress.push(pick(found.fields, [ID, ...names.filter(isProgress)]));
    for (const [target, entry] of Object.entries(found.trace)) {
      const list = isProgress(topOf(target)) ? 'progress' : 'items';
      trace[`${list}[${id}].${target}`] = { ...entry, source: entry.source.map((s) => `${field}[${id}].${s}`) };
    }
  }
  return { fields: { ...(items.length && { items }), ...(progress.length && { progress }) }, trace, problems };
}

/** The generic items as the partner's list; nothing where the message has none, or where the rules set only their ids. */
export async function itemsOut(
  mapping: Mapping,
  rules: CompiledRule[],
  message: GenericMessage,
  isChanged: ((top: string) => boolean) | undefined,
  notation: Notation,
  evaluate: Evaluate,
): Promise<{ body: Tree; changed: string[]; trace: Trace; problems: Problem[] }> {
  const field = mapping.items?.field ?? '';
  const trace: Trace = {};
  const problems: Problem[] = [];
  const list: Json[] = [];
  let hasValues = false;
  let changed = false;
  for (const item of mapping.items ? joined(message) : []) {
    const id = String(item[ID]);
    const changedInItem = isChanged && ((top: string) => top !== ID && isChanged(isProgress(top) ? 'progress' : 'items'));
    const scope = { ...item };
    const applied = await applyOut(
      notation,
      rules,
      { scope, input: { ...item, order: message.fields }, isChanged: changedInItem },
      evaluate,
    );
    problems.push(...applied.problems.map((p) => ({ ...p, field: `${field}[${id}].${p.field}` })));
    list.push(applied.body as Json);
    changed ||= applied.changed.size > 0;
    for (const [target, entry] of Object.entries(applied.trace)) {
      hasValues ||= entry.source.some((s) => s !== ID);
      const source = entry.source.map((s) => `${isProgress(topOf(s)) ? 'progress' : 'items'}[${id}].${s}`);
      trace[`${field}[${id}].${target}`] = { ...entry, source };
    }
  }
  if (!hasValues) return { body: {}, changed: [], trace: {}, problems };
  return { body: { [field]: list }, changed: changed ? [field] : [], trace, problems };
}

/** Items joined with their progress, by id. */
function joined(message: GenericMessage): Tree[] {
  const byId = new Map<string, Tree>();
  for (const part of [...(message.fields.items ?? []), ...(message.fields.progress ?? [])])
    byId.set(part.id, { ...byId.get(part.id), ...(part as unknown as Tree) });
  return [...byId.values()];
}

function pick(tree: Tree, names: string[]): Json {
  return Object.fromEntries(names.map((name) => [name, tree[name] as Json]));
}

function topOf(path: string): string {
  return path.split(/[.[]/)[0] ?? path;
}

function isTree(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
