import { CheckedFile } from './checked-file.js';
import { nodeDisk } from './disk.js';
import { MANIFEST, type Manifest } from './manifest.js';
import { TRAIL_END, trailEndFile } from './trail-end.js';
import {
  type CutFacts,
  hashOfLine,
  hashOfNames,
  monthFile,
  NOTHING,
  namesFile,
  rangesIn,
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

/** Times that a trail is read again because it was written meanwhile. */
const MAX_TRIES = 5;

/** Checks the audit trail in the folder of a store, which may be open: that no line was changed, added or taken out. */
export async function checkTrail(storeFolder: string): Promise<TrailCheck> {
  for (let tries = 1; ; tries++) {
    const before = await knownEnd(storeFolder);
    const check = await new Check(storeFolder).run(before);
    if (check.problems.length === 0 || tries === MAX_TRIES) return check;
    // Names that were read may belong to lines that were not, and the other way round.
    if ((await knownEnd(storeFolder))?.hash === before?.hash) return check;
  }
}

class Check {
  private readonly result: TrailCheck = { entries: 0, cut: 0, end: { number: 0, hash: NOTHING }, problems: [] };
  private readonly dropped: DroppedFacts[] = [];
  /** Entries whose names are missing, and the entries that said so, as ranges. */
  private readonly unnamed: { number: number; month: string }[] = [];
  private readonly cut: [first: number, last: number][] = [];
  private readonly folder: string;

  constructor(private readonly storeFolder: string) {
    this.folder = `${storeFolder}/audit`;
  }

  async run(kept: TrailEnd | undefined): Promise<TrailCheck> {
    const { result, dropped } = this;
    const known = [kept, await manifestEnd(this.storeFolder)].filter((end) => end !== undefined);
    let begin: TrailEnd | undefined;
    for (const month of await monthsOf(this.folder)) {
      const names = await namesOf(`${this.folder}/${namesFile(month)}`, (problem) => this.say(`${namesFile(month)}: ${problem}`));
      for await (const text of textLines(`${this.folder}/${monthFile(month)}`)) {
        const entry = read(text);
        if (!entry) {
          this.say(`${monthFile(month)}: the line after entry ${result.end.number} is not an entry.`);
          continue;
        }
        begin ??= { number: entry.number - 1, hash: entry.previous };
        this.take(entry, text, month, names.get(entry.id));
        for (const { number, hash } of known)
          if (number === result.end.number && hash !== result.end.hash)
            this.say(`${monthFile(month)}: entry ${number} was changed: the store knows it with another hash.`);
      }
    }
    const isStart = begin === undefined || (begin.number === 0 && begin.hash === NOTHING);
    if (begin && !isStart && !dropped.some(({ last, hash }) => last === begin.number && hash === begin.hash))
      this.say(`The entries before ${begin.number + 1} are missing, and no entry says that they were dropped.`);
    const last = Math.max(0, ...known.map(({ number }) => number));
    if (result.end.number < last)
      this.say(`The last entries, ${result.end.number + 1} to ${last}, are missing: the store knows of them.`);
    if (!kept && result.entries > 0) this.say(`${TRAIL_END} is missing or damaged: nothing shows where the trail ends.`);
    for (const { number, month } of this.unnamed)
      if (this.cut.some(([from, to]) => number >= from && number <= to)) result.cut++;
      else this.say(`${namesFile(month)}: the names of entry ${number} are missing, and no entry says that they were erased.`);
    return result;
  }

  /** Checks an entry against the one before, and its names. */
  private take(entry: StoredEntry, text: string, month: string, named: StoredNames | undefined): void {
    const { result } = this;
    const { number, previous } = entry;
    if (result.entries > 0 && number !== result.end.number + 1)
      this.say(`${monthFile(month)}: entry ${number} follows entry ${result.end.number}.`);
    else if (result.entries > 0 && previous !== result.end.hash)
      this.say(`${monthFile(month)}: entry ${result.end.number} was changed.`);
    if (entry.names && !named) this.unnamed.push({ number, month });
    if (named && hashOfNames(named) !== entry.names) this.say(`${monthFile(month)}: the names of entry ${number} were changed.`);
    if (entry.action === DROPPED) this.dropped.push(entry.facts as unknown as DroppedFacts);
    const { cut } = (entry.facts ?? {}) as Partial<CutFacts>;
    if (cut) this.cut.push(...rangesIn(cut));
    result.entries++;
    result.from ??= entry.at;
    result.until = entry.at;
    result.end = { number, hash: hashOfLine(text) };
  }

  private say(problem: string): void {
    const { problems } = this.result;
    if (problems.length < REPORTED && !problems.includes(problem)) problems.push(problem);
  }
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

/** Where the trail ended when it was last written. */
async function knownEnd(storeFolder: string): Promise<TrailEnd | undefined> {
  return (
    (await trailEndFile(nodeDisk, storeFolder)
      .read()
      .catch(() => null)) ?? undefined
  );
}

/** Where it ended when the store last wrote its manifest. */
async function manifestEnd(storeFolder: string): Promise<TrailEnd | undefined> {
  const manifest = await new CheckedFile<Manifest>(nodeDisk, storeFolder, MANIFEST).read().catch(() => null);
  return manifest?.audit;
}
