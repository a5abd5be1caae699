import { readFile, rename, writeFile } from 'node:fs/promises';
import { FILE_MODE } from './disk.js';

/** When the store in a folder was created; a store from before this was recorded was created now, as far as it knows. */
export async function storeBirth(folder: string, clock: () => number): Promise<string> {
  const path = `${folder}/created`;
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (known && !Number.isNaN(Date.parse(known))) return known;
  const now = new Date(clock()).toISOString();
  await writeFile(`${path}.new`, now, { mode: FILE_MODE });
  await rename(`${path}.new`, path);
  return now;
}
