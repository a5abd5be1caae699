import { hash } from 'node:crypto';

/** A short, stable identifier for some values. */
export function digest(parts: unknown[]): string {
  return hash('sha1', JSON.stringify(parts), 'base64url').slice(0, 20);
}
