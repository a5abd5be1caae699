import type { Json } from '../model/message.js';

/** How a partner keeps what is written to it, as far as observed. */
type Known = { keepsAuthors?: boolean };

/** What is learnt about how a partner keeps what is written to it. `keptBy` stores it, so that it survives restarts. */
export class Habits {
  private known: Known = {};
  private keep: (known: Json) => void = () => undefined;

  /** Do notes keep the author that was sent? Undefined: none of our notes was seen yet, or the partner shows no authors. */
  get keepsAuthors(): boolean | undefined {
    return this.known.keepsAuthors;
  }

  /** Takes what was learnt before, and passes what is learnt from now on to `keep`. */
  keptBy(before: Json | undefined, keep: (known: Json) => void): void {
    const isNew = Object.keys(this.known).length > 0;
    this.known = { ...(before as Known | undefined), ...this.known };
    this.keep = keep;
    if (isNew) keep(this.known);
  }

  learn(seen: Required<Known>): void {
    if (seen.keepsAuthors === this.known.keepsAuthors) return;
    this.known = { ...this.known, ...seen };
    this.keep(this.known);
  }
}
