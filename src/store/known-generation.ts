import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type Disk, replaceFile } from './disk.js';

/**
 * The last generation of a store, in a file beside its folder: whoever restores an older copy of the folder does not restore this
 * file with it, so the copy is recognised.
 */
export class KnownGeneration {
  private readonly folder: string;
  private readonly name: string;

  constructor(
    private readonly disk: Disk,
    storeFolder: string,
  ) {
    this.folder = dirname(storeFolder);
    this.name = `${basename(storeFolder)}.generation`;
  }

  /** 0 if it is not known. */
  async read(): Promise<number> {
    try {
      return Number.parseInt(await readFile(`${this.folder}/${this.name}`, 'utf8'), 10) || 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  }

  async write(generation: number): Promise<void> {
    await replaceFile(this.disk, this.folder, this.name, Buffer.from(`${generation}\n`));
  }
}
