/** The user who acts. */
export interface Person {
  /** Name of the Node-RED user; empty where the editor has no sign-in. */
  name: string;
  /** Default: the views. */
  source?: 'view' | 'cli';
  /** Part of a bulk action, which is shown as one entry (`noteMany`). */
  many?: boolean;
}
