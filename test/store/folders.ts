import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

/** Creates a folder that `removeFolders` will remove. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-store-'));
  made.push(folder);
  return folder;
}

/** Removes all folders created with `newFolder`; stores in them must be closed. */
export async function removeFolders(): Promise<void> {
  for (const folder of made.splice(0)) {
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}.generation`, { force: true });
  }
}
