import { readFileSync, statSync } from 'node:fs';
import { SwitchboardError } from './errors.js';
import { say } from './text/say.js';

/** No setting and no secret is larger; bytes. */
const MAX_BYTES = 64 * 1024;

/**
 * The value of an environment variable. Where NAME is not set, NAME_FILE may name a file that contains the value, as containers
 * mount their secrets; a line break at its end is not part of the value. Undefined where neither is set.
 * Throws SWB_CONFIG where the file contains no value; the error never quotes the file.
 */
export function environmentValue(name: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const value = environment[name];
  const file = environment[`${name}_FILE`];
  return value || !file ? value : contentOf(file, `${name}_FILE`);
}

function contentOf(file: string, variable: string): string {
  const content = read(file, variable).replace(/\r?\n$/, '');
  if (content !== '') return content;
  throw invalid(say`The file ${file}, which the environment variable ${variable} names, is empty.`);
}

function read(file: string, variable: string): string {
  try {
    const found = statSync(file);
    // A pipe or a device would hold the process.
    if (found.isFile() && found.size <= MAX_BYTES) return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw invalid(
      code === 'ENOENT' || code === 'ENOTDIR'
        ? say`The file ${file}, which the environment variable ${variable} names, does not exist.`
        : say`The file ${file}, which the environment variable ${variable} names, cannot be read: ${code}.`,
    );
  }
  throw invalid(
    say`The file ${file}, which the environment variable ${variable} names, is no file of at most ${MAX_BYTES / 1024} KB.`,
  );
}

function invalid(what: string): SwitchboardError {
  return new SwitchboardError('SWB_CONFIG', what, {
    hint: say`Mount the file, or give the user of this process the permission to read it; then deploy.`,
  });
}
