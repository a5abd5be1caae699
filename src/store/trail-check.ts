import { CheckedFile } from './checked-file.js';
import { nodeDisk } from './disk.js';
import { MANIFEST, type Manifest } from './manifest.js';
import {
  hashOfLine,
  hashOfNames,
  monthFile,
  NOTHING,
  namesFile,
  type StoredEntry,
  type StoredNames,
  type TrailEnd,
} from './trail-line.js';
import { monthsOf, textLines } from './trail-reader.js';

/** Problems reported; more of them say nothing new. */
const REPORTED = 20;

export interface TrailCheck {
  entries: number;
  /** Times of the first and the last entry. */
  from?: string;
  until?: string;
  /** Entries whose names were cut off. */
  cut: number;
  /** Where it ends: kept elsewhere, it shows whether the trail was written anew as a whole. */
  end: TrailEnd;
  /** What was changed, added or taken out, in words; none: the trail is whole. */
  problems: string[];
}

/** The action of the entry that says which months were dropped because of their age, and its facts. */
export const DROPPED = 'dropMonth';
export type DroppedFacts = { last: number; hash: string };

/** Checks the audit trail in the folder of a store, which may be open: that no line was changed, added or taken out. */
export async function checkTrail(storeFolder: string): Promise<TrailCheck> {
  const folder = `${storeFolder}/audit`;
  const check: TrailCheck = { entries: 0, cut: 0, end: { number: 0, hash: NOTHING }, problems: [] };
  const say = (problem: string) => {
    if (check.problems.length < REPORTED) check.problems.push(problem);
  };
  let begin: TrailEnd | undefined;
  const dropped: DroppedFacts[] = [];
  for (const month of await monthsOf(folder)) {
    const names = await namesOf(`${folder}/${namesFile(month)}`, (problem) => say(`${namesFile(month)}: ${problem}`));
    for await (const text of textLines(`${folder}/${monthFile(month)}`)) {
      const entry = read(text);
      if (!entry) {
        say(`${monthFile(month)}: the line after entry ${check.end.number} is not an entry.`);
        continue;
      }
      if (check.entries === 0) begin = { number: entry.number - 1, hash: entry.previous };
      else if (entry.number !== check.end.number + 1)
        say(`${monthFile(month)}: entry ${entry.number} follows entry ${check.end.number}.`);
      else if (entry.previous !== check.end.hash) say(`${monthFile(month)}: entry ${check.end.number} was changed.`);
      const named = names.get(entry.id);
      if (entry.names && !named) check.cut++;
      if (named && hashOfNames(named) !== entry.names)
        say(`${monthFile(month)}: the names of entry ${entry.number} were changed.`);
      if (entry.action === DROPPED) dropped.push(entry.facts as unknown as DroppedFacts);
      check.entries++;
      check.from ??= entry.at;
      check.until = entry.at;
      check.end = { number: entry.number, hash: hashOfLine(text) };
    }
  }
  const isStart = begin === undefined || (begin.number === 0 && begin.hash === NOTHING);
  if (begin && !isStart && !dropped.some(({ last, hash }) => last === begin.number && hash === begin.hash))
    say(`The entries before ${begin.number + 1} are missing, and no entry says that they were dropped.`);
  const known = await knownEnd(storeFolder);
  if (known && check.end.number < known.number)
    say(`The last entries, ${check.end.number + 1} to ${known.number}, are missing: the store knows of them.`);
  return check;
}

function read(text: string): StoredEntry | undefined {
  try {
    const entry = JSON.parse(text) as StoredEntry;
    return typeof entry.number === 'number' ? entry : undefined;
  } catch {
    return undefined;
  }
}

async function namesOf(path: string, say: (problem: string) => void): Promise<Map<string, StoredNames>> {
  const names = new Map<string, StoredNames>();
  for await (const text of textLines(path)) {
    try {
      const one = JSON.parse(text) as StoredNames;
      names.set(one.id, one);
    } catch {
      say('a line cannot be read.');
    }
  }
  return names;
}

/** Where the trail ended when the store last wrote its manifest. */
async function knownEnd(storeFolder: string): Promise<TrailEnd | undefined> {
  const manifest = await new CheckedFile<Manifest>(nodeDisk, storeFolder, MANIFEST).read().catch(() => null);
  return manifest?.audit;
}
