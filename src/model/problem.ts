import type { Json } from './message.js';

/** A problem with one field, for people. An `error` stops the message (output 2 of map), a `warning` does not. */
export interface Problem {
  level: 'error' | 'warning';
  code: 'required' | 'unmapped' | 'expression' | 'schema' | 'cut';
  field: string;
  text: string;
  /** The invalid value, where there is one. */
  value?: Json;
}
