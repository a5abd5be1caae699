import { existsSync, readFileSync, realpathSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { writePrivateFile } from '../private-files.js';
import { decryptCredentials, encryptCredentials } from './credentials.js';
import type { Flows } from './flow-file.js';

/** Names in the user folder, as Node-RED derives the second from the first. */
const FLOWS = 'flows.json';
const CREDENTIALS = 'flows_cred.json';
const FORMER = '.former';

/**
 * Copies a flow file to the user folder, where Node-RED runs it. Flows there that are others, perhaps changed in the editor, are kept
 * under another name with their credentials: nobody else may have them. A flow file that is the user folder's own stays as it is, with
 * its credentials file.
 *
 * @param from path of the flow file
 * @param secret key of the credentials file
 * @returns what there is to log
 */
export function placeFlows(userDir: string, from: string, { flows, credentials }: Flows, secret: string): string | undefined {
  const file = join(userDir, FLOWS);
  const credentialsFile = join(userDir, CREDENTIALS);
  const isPlaced = existsSync(file);
  if (isPlaced && realpathSync(from) === realpathSync(file) && Object.keys(credentials).length === 0) return undefined;
  if (isPlaced && isSame(file, flows) && isSame(credentialsFile, credentials, secret)) return undefined;
  for (const name of [file, credentialsFile]) if (existsSync(name)) renameSync(name, name + FORMER);
  writePrivateFile(file, JSON.stringify(flows, null, 2));
  writePrivateFile(credentialsFile, JSON.stringify(encryptCredentials(credentials, secret)));
  return isPlaced
    ? `The flows in the user folder were replaced by those of ${from}. The former ones are in ${file}${FORMER}.`
    : undefined;
}

function isSame(file: string, value: unknown, secret?: string): boolean {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isDeepStrictEqual(secret ? decryptCredentials(content, secret) : content, value);
  } catch {
    // Missing, not ours, or encrypted with another key.
    return false;
  }
}
