import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { FILE_MODE } from '../private-files.js';

/** The file system calls whose failure the store must survive, in one place so that tests can make them fail. */
export interface Disk {
  open(path: string, flags: string | number, mode?: number): Promise<FileHandle>;
  rename(from: string, to: string): Promise<void>;
  /** Makes created, renamed and removed files of a folder durable. */
  syncFolder(path: string): Promise<void>;
}

export const nodeDisk: Disk = {
  open: (path, flags, mode) => open(path, flags, mode),
  rename: (from, to) => rename(from, to),
  async syncFolder(path) {
    // Windows cannot open a folder; NTFS journals its own metadata.
    if (process.platform === 'win32') return;
    const folder = await open(path, constants.O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};

/** Writes a whole buffer: a single write may be partial, for example when the disk is nearly full. */
export async function writeAll(file: FileHandle, buffer: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesWritten } = await file.write(buffer, done, buffer.length - done, position + done);
    done += bytesWritten;
  }
}

/** Replaces a file atomically: after a crash either the old or the new content is complete. */
export async function replaceFile(disk: Disk, folder: string, name: string, content: Buffer): Promise<void> {
  const temporary = `${folder}/${name}${TEMPORARY}`;
  const file = await disk.open(temporary, 'w', FILE_MODE);
  try {
    await writeAll(file, content, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, `${folder}/${name}`);
  await disk.syncFolder(folder);
}

/** Suffix of files being written; leftovers of a crash are removed on open. */
export const TEMPORARY = '.tmp';
