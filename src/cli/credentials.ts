import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentValue } from '../environment.js';
import { writePrivateFile } from '../private-files.js';

/**
 * The key with which Node-RED encrypts its credentials file: from the environment, or generated once and stored in the user
 * folder.
 */
export function credentialSecret(userDir: string): string {
  const given = environmentValue('SWITCHBOARD_CREDENTIAL_SECRET');
  if (given) return given;
  const file = join(userDir, '.credential-secret');
  if (!existsSync(file)) writePrivateFile(file, randomBytes(32).toString('hex'));
  return readFileSync(file, 'utf8');
}

/** Credentials in Node-RED's format (runtime/lib/nodes/credentials.js): AES-256-CTR with the hash of the secret. */
export function encryptCredentials(credentials: unknown, secret: string): { $: string } {
  const vector = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(secret).digest(), vector);
  return { $: vector.toString('hex') + cipher.update(JSON.stringify(credentials), 'utf8', 'base64') + cipher.final('base64') };
}
