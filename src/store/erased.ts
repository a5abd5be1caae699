import { randomUUID } from 'node:crypto';
import type { Json } from '../model/message.js';
import type { Change, RecordKind } from './store.js';

/**
 * Something that a commit erased: of a record or setting, what was stored of it before this version, or all of it (no version);
 * of an entry of the audit trail, what it names.
 */
export type ErasedThing = [kind: RecordKind | 'setting' | 'audit', id: string, version?: number];

/** Settings with this prefix hold lists of erased things of which something may still be on the disk. */
export const ERASING = 'erasing/';

/** The change that lists what a commit erases, given the version of each setting before it. */
export function listErased(changes: readonly Change[], versionOf: (key: string) => number): Change {
  const value = thingsIn(changes, versionOf) as unknown as Json;
  return { kind: 'setting', key: `${ERASING}${randomUUID()}`, value };
}

function thingsIn(changes: readonly Change[], versionOf: (key: string) => number): ErasedThing[] {
  return changes.flatMap((change): ErasedThing[] => {
    switch (change.kind) {
      case 'audit':
      case 'noneReceived':
        return [];
      case 'cutNames':
        return change.entries.map((id) => ['audit', id]);
      case 'setting':
        return [['setting', change.key, ...(change.value === undefined ? [] : [versionOf(change.key) + 1])] as ErasedThing];
      default:
        return [[change.kind, change.record.id, ...(change.gone ? [] : [change.record.version + 1])] as ErasedThing];
    }
  });
}

/** Erased things by kind and id. */
export class Erased {
  private readonly versions = new Map<string, number>();

  constructor(things: readonly ErasedThing[]) {
    for (const [kind, id, version = Number.POSITIVE_INFINITY] of things) {
      const name = `${kind} ${id}`;
      this.versions.set(name, Math.max(version, this.versions.get(name) ?? 0));
    }
  }

  /** Whether nothing of this version may be left; without a version: of any. */
  has(kind: string, id: string, version = 0): boolean {
    const first = this.versions.get(`${kind} ${id}`);
    return first !== undefined && version < first;
  }

  /** The ids of a kind. */
  ids(kind: ErasedThing[0]): string[] {
    return [...this.versions.keys()].flatMap((name) => (name.startsWith(`${kind} `) ? [name.slice(kind.length + 1)] : []));
  }

  /** Texts by which a part of a damaged file is recognised as one that has something erased. */
  marks(): string[] {
    return (['message', 'delivery', 'conversation'] as const).flatMap((kind) => this.ids(kind));
  }
}
