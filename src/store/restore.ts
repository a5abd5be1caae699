import { readdir, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { TimeSlice } from '../time-slice.js';
import { decodeLine, nextLine } from './journal-line.js';
import { type BodyRef, type RecordEntry, toEntry } from './record-entry.js';
import type { RecordOf } from './store.js';

/** A record as it was in a lost line of a shard. */
export type LostRecord = [kind: string, id: string, version: number];

/**
 * Finds lost records in the journal, each in the version it had, with its bodies. One may not be there any more: retention has
 * removed its segment.
 */
export async function restoreFromJournal(folder: string, lost: readonly LostRecord[]): Promise<RecordEntry[]> {
  const wanted = new Map(lost.map(([kind, id, version]) => [`${kind} ${id}`, { version, refs: [] as BodyRef[], done: false }]));
  const found = new Map<string, { record: RecordOf[RecordEntry['kind']]; kind: RecordEntry['kind']; refs: BodyRef[] }>();
  const slice = new TimeSlice();
  for (const name of (await readdir(folder)).filter((name) => name.endsWith('.log')).sort()) {
    const content = await readFile(`${folder}/${name}`);
    for (let at: number | undefined = 0; at !== undefined && at < content.length; ) {
      const line = decodeLine(content, at);
      let offset = line?.bodies ?? 0;
      for (const change of line?.meta.changes ?? []) {
        if (change.kind === 'setting' || change.kind === 'audit') continue;
        const refs: BodyRef[] = [];
        for (const [body, length] of ('bodies' in change && change.bodies) || []) {
          const crc = crc32(content.subarray(offset, offset + length));
          refs.push({ name: body, segment: Number(name.slice(0, 8)), offset, length, crc });
          offset += length;
        }
        const key = 'of' in change ? `${change.of} ${change.id}` : `${change.kind} ${change.record.id}`;
        const want = wanted.get(key);
        if (!want || change.kind === 'removed') continue;
        const version = 'record' in change ? (change.record as { version: number } & typeof change.record).version : undefined;
        if (version !== undefined && version > want.version) want.done = true;
        if (want.done) continue;
        want.refs = [...want.refs.filter((old) => !refs.some((ref) => ref.name === old.name)), ...refs];
        const before = found.get(key);
        if (before) before.refs = want.refs;
        if ('record' in change && version === want.version)
          found.set(key, { kind: change.kind, record: change.record as RecordOf[typeof change.kind], refs: want.refs });
      }
      at = line ? line.end : nextLine(content, at, content.length);
      await slice.yieldIfDue();
    }
  }
  return [...found.values()].map(({ kind, record, refs }) => toEntry(kind, record, JSON.stringify(record), refs));
}
