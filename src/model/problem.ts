import type { Json } from './message.js';

/** Something a person should know about one field. `error` stops the message (output 2 of map), `warning` does not. */
export interface Problem {
  level: 'error' | 'warning';
  code: 'required' | 'unmapped' | 'expression' | 'schema' | 'cut';
  field: string;
  text: string;
  /** The value at fault, where there is one. */
  value?: Json;
}
