import { readdir } from 'node:fs/promises';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { DamagedFile } from './checked-file.js';
import type { Disk } from './disk.js';
import type { Losses } from './losses.js';
import {
  FORMAT,
  FORMAT_FILE,
  formatDatabase,
  MANIFEST,
  type manifestDatabase,
  SEGMENTS,
  type segmentsDatabase,
} from './manifest.js';
import { hasFormatOne } from './migration.js';

/** True for a folder of version 0.1.0. Throws for one of a newer version. */
export async function checkFormat(folder: string, disk: Disk): Promise<boolean> {
  const file = formatDatabase(disk, folder);
  try {
    await file.read();
  } catch (error) {
    // The manifest says the same; it is written again.
    if (!(error instanceof DamagedFile)) throw error;
  }
  const { format } = file.data;
  if (format > FORMAT) {
    throw new SwitchboardError(
      'SWB_STORE',
      say`The store in ${folder} has format ${format}; this version of Switchboard knows formats up to ${FORMAT}.`,
      {
        hint: say`A newer version has opened it. Install that version again, or restore a backup from before the upgrade.`,
      },
    );
  }
  return format === 0 && (await hasFormatOne(folder));
}

/** Writes the format where it is missing, damaged or older; true if it was missing or damaged. */
export async function writeFormat(folder: string, disk: Disk): Promise<boolean> {
  const file = formatDatabase(disk, folder);
  await file.read().catch(() => {});
  const { format } = file.data;
  if (format === FORMAT) return false;
  file.data = { format: FORMAT };
  await file.write();
  return format === 0;
}

/** Reads the manifest. Only in a new folder it may be missing. */
export async function readManifest(
  folder: string,
  manifest: ReturnType<typeof manifestDatabase>,
  segments: ReturnType<typeof segmentsDatabase>,
  losses: Losses,
): Promise<void> {
  for (const [file, name] of [
    [manifest, MANIFEST],
    [segments, SEGMENTS],
  ] as const) {
    try {
      await file.read();
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error;
      losses.add(error.message);
    }
    if (name === MANIFEST && manifest.data.generation === 0 && !losses.any && (await isUsed(folder)))
      losses.add(`${MANIFEST} is missing`);
    if (name === SEGMENTS && segments.data.segments.length === 0 && manifest.data.seq > 0) losses.add(`${SEGMENTS} is missing`);
  }
  losses.check();
}

async function isUsed(folder: string): Promise<boolean> {
  const names = [...(await readdir(`${folder}/journal`)), ...(await readdir(`${folder}/shards`))];
  return names.length > 0 || (await readdir(folder)).includes(FORMAT_FILE);
}
