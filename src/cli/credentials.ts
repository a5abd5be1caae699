import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
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

const ALGORITHM = 'aes-256-ctr';
/** Length of the vector in bytes; it precedes the credentials as hex. */
const VECTOR = 16;

/** Credentials in Node-RED's format (runtime/lib/nodes/credentials.js): AES-256-CTR with the hash of the secret. */
export function encryptCredentials(credentials: unknown, secret: string): { $: string } {
  const vector = randomBytes(VECTOR);
  const cipher = createCipheriv(ALGORITHM, keyOf(secret), vector);
  return { $: vector.toString('hex') + cipher.update(JSON.stringify(credentials), 'utf8', 'base64') + cipher.final('base64') };
}

/** Reverse of `encryptCredentials`. Throws if the content is another, or encrypted with another secret. */
export function decryptCredentials(content: unknown, secret: string): unknown {
  const { $: text } = content as { $: string };
  const decipher = createDecipheriv(ALGORITHM, keyOf(secret), Buffer.from(text.slice(0, VECTOR * 2), 'hex'));
  return JSON.parse(decipher.update(text.slice(VECTOR * 2), 'base64', 'utf8') + decipher.final('utf8'));
}

function keyOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
