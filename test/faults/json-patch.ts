import { isDeepStrictEqual } from 'node:util';

export interface PatchOp {
  op: string;
  path: string;
  value?: unknown;
}

/** Functions that add an entry to the end of a list, by list name. */
export type Push = Record<string, (entry: never) => void>;

/** Applies the part of JSON Patch (RFC 6902) that tickets need; returns the operation that failed, if any. */
export function patchJson(record: Record<string, unknown>, ops: PatchOp[], push: Push): PatchOp | undefined {
  for (const one of ops) if (!patchOne(record, one, push)) return one;
  return undefined;
}

function patchOne(record: Record<string, unknown>, { op, path, value }: PatchOp, push: Push): boolean {
  const steps = path.slice(1).split('/');
  const last = steps.pop()!;
  let target: unknown = record;
  for (const step of steps) target = (target as Record<string, unknown> | undefined)?.[step];
  if (target === null || typeof target !== 'object') return false;
  const there = (target as Record<string, unknown>)[last];
  if (op === 'test') return isDeepStrictEqual(there, value);
  if (Array.isArray(target)) {
    const list = steps[0]!;
    if (op === 'add' && last === '-' && push[list]) push[list](value as never);
    else if (there === undefined) return false;
    else if (op === 'remove') target.splice(Number(last), 1);
    else if (op === 'replace') target[Number(last)] = { ...(there as object), ...(value as object) };
    else return false;
    return true;
  }
  if (op === 'remove') delete (target as Record<string, unknown>)[last];
  else if (op === 'add' || op === 'replace') (target as Record<string, unknown>)[last] = value;
  else return false;
  return true;
}
