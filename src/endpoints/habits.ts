import type { Json } from '../model/message.js';

/** How a partner keeps what is written to it, as far as that was seen. */
type Known = { keepsAuthors?: boolean };

/** What is learnt of a partner's habits. What one process has seen, the next one knows: `keptBy` says where that is kept. */
export class Habits {
  private known: Known = {};
  private keep: (known: Json) => void = () => undefined;

  /** Do notes show the author that was sent? Undefined: none of ours was seen yet, or it shows none. */
  get keepsAuthors(): boolean | undefined {
    return this.known.keepsAuthors;
  }

  /** Takes what was learnt before, and gives what is learnt from now on to `keep`. */
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
