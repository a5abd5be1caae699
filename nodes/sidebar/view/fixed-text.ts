import type { Backend } from './backend.js';

/** Texts that the runtime stores in its own language, with the label that says the same in the user's. */
export const FIXED: Readonly<Record<string, string>> = {
  'Skipped by a user.': 'fixed.skipped',
  'Von einem Benutzer übersprungen.': 'fixed.skipped',
};

/** A reason as shown: in the language of the user if nobody has written it. */
export function reasonText(text: string, t: Backend['t']): string {
  const key = FIXED[text];
  return key ? t(key) : text;
}
