import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';

/** Owner only: what we keep contains customers' tickets, and keys. Windows has no such modes. */
export const FILE_MODE = 0o600;
export const FOLDER_MODE = 0o700;

const OTHERS = 0o077;

/**
 * Makes a folder that only its owner can enter, whatever the umask, and closes one that others can enter, as earlier versions made
 * them. The files in it need no change then. Returns what there is to log; undefined where nothing had to be closed.
 */
export function privateFolder(path: string): string | undefined {
  mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
  const mode = statSync(path).mode & 0o7777;
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return undefined;
  const was = `Other users of this machine could enter the folder ${path} (${mode.toString(8)})`;
  try {
    chmodSync(path, mode & ~OTHERS);
    return `${was}. Now only its owner can.`;
  } catch (error) {
    // A mounted volume may belong to another user.
    return `${was}, and that cannot be changed (${(error as NodeJS.ErrnoException).code}). Make it accessible to the user of this process only.`;
  }
}

/** Writes a file that only its owner can read, also where others could read the file that it replaces. */
export function writePrivateFile(path: string, content: string): void {
  writeFileSync(path, content, { mode: FILE_MODE });
  chmodSync(path, FILE_MODE);
}
