import { hash } from 'node:crypto';

/** A short name for some values, the same whenever they are the same. */
export function digest(parts: unknown[]): string {
  return hash('sha1', JSON.stringify(parts), 'base64url').slice(0, 20);
}
