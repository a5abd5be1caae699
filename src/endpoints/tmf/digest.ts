import { createHash } from 'node:crypto';

/** A short name for some values, the same whenever they are the same. */
export function digest(parts: unknown[]): string {
  return createHash('sha1').update(JSON.stringify(parts)).digest('base64url').slice(0, 20);
}
