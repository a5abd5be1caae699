import { randomInt } from 'node:crypto';
import { Low } from 'lowdb';
import { CheckedFile } from './checked-file.js';
import type { Disk } from './disk.js';
import type { ListedShard } from './shards.js';
import type { StoredSetting } from './store-state.js';
import type { TrailEnd } from './trail-line.js';

/** The version of the folder's format. */
export const FORMAT = 3;

/** What a store folder must contain. Writing it is what makes a compaction happen: files that it does not list are leftovers. */
export interface Manifest {
  /** Raised each time the store is opened, by which an older copy of the folder is recognised. */
  generation: number;
  /** Since when this store knows of everything that happened, ISO. */
  since: string;
  /** The folder is a copy of an older state. */
  olderCopy: boolean;
  /** Of the hashes in the indexes. */
  seed: number;
  /** The shards hold everything up to this sequence number of the journal. */
  seq: number;
  counts: Record<string, number>;
  newestId?: string;
  nextShard: number;
  /** Number in the name of the settings file; 0: there is none yet. */
  settings: number;
  shards: ListedShard[];
  /** Where the audit trail ended, so that it cannot be shortened unnoticed; absent before version 3 of the format. */
  audit?: TrailEnd;
}

/** Segments of the journal that must exist; in a file of its own, because it changes with each new segment. */
export interface ListedSegments {
  segments: { number: number; first: number }[];
  /** A close found the journal to end here, with this sequence number; it cannot be shorter since. */
  end?: { segment: number; length: number; seq?: number };
}

export type SettingsFile = [key: string, setting: StoredSetting][];

export const MANIFEST = 'manifest.json';
export const SEGMENTS = 'segments.json';
export const FORMAT_FILE = 'format.json';
export const settingsName = (number: number): string => `settings-${number}.json`;

/** Without a file the data is that of a new store: its generation is 0. */
export function manifestDatabase(disk: Disk, folder: string, now: number): Low<Manifest> {
  const empty: Manifest = {
    generation: 0,
    since: new Date(now).toISOString(),
    olderCopy: false,
    seed: randomInt(2 ** 32),
    seq: 0,
    counts: {},
    nextShard: 1,
    settings: 0,
    shards: [],
  };
  return new Low<Manifest>(new CheckedFile(disk, folder, MANIFEST), empty);
}

export const segmentsDatabase = (disk: Disk, folder: string): Low<ListedSegments> =>
  new Low<ListedSegments>(new CheckedFile(disk, folder, SEGMENTS), { segments: [] });

export const settingsDatabase = (disk: Disk, folder: string, number: number): Low<SettingsFile> =>
  new Low<SettingsFile>(new CheckedFile(disk, folder, settingsName(number)), []);

export const formatDatabase = (disk: Disk, folder: string): Low<{ format: number }> =>
  new Low(new CheckedFile(disk, folder, FORMAT_FILE), { format: 0 });
