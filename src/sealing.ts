import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const VERSION = 'v1:';
const [SALT, VECTOR, TAG] = [16, 12, 16];

/**
 * Encrypts a text with a secret (AES-256-GCM; a key of its own by HKDF with SHA-256 and a random salt). `context`: what the text is and
 * where it belongs; it can be opened there only. The secret must be hard to guess: it is not stretched.
 */
export function seal(text: string, secret: string, context: string): string {
  const [salt, vector] = [randomBytes(SALT), randomBytes(VECTOR)];
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, salt), vector).setAAD(Buffer.from(context));
  const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return VERSION + Buffer.concat([salt, vector, cipher.getAuthTag(), content]).toString('base64');
}

/** Decrypts what `seal` made; undefined if it was made with another secret, in another context, or was changed. */
export function unseal(sealed: string, secret: string, context: string): string | undefined {
  if (!sealed.startsWith(VERSION)) return undefined;
  const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64');
  const part = (from: number, length?: number) => bytes.subarray(from, length === undefined ? undefined : from + length);
  try {
    const key = keyOf(secret, part(0, SALT));
    const decipher = createDecipheriv('aes-256-gcm', key, part(SALT, VECTOR), { authTagLength: TAG });
    decipher.setAAD(Buffer.from(context)).setAuthTag(part(SALT + VECTOR, TAG));
    return decipher.update(part(SALT + VECTOR + TAG), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}

function keyOf(secret: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, 'switchboard: kept secrets', 32));
}
