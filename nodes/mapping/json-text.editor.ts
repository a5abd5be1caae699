import type { Json } from '../../src/model/message.js';

/** Constants and defaults are any JSON, but nearly always plain text: `New` means the text, `3`, `true`, `null`, `"3"` and `{…}` are JSON. */
export function fromText(text: string): Json | undefined {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

export function toText(value: Json | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return JSON.stringify(value);
  return fromText(value) === value ? value : JSON.stringify(value);
}
