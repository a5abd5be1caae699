import type { Node } from 'node-red';
import { say } from '../../src/text/say.js';
import { log } from './log.js';

/** Milliseconds between two lines of the log about a former secret that is still in use. */
const REMINDER = 24 * 3_600_000;

/**
 * Notes when a partner still uses a former secret, so that people know when they can remove it: in the log once a day, and where
 * `show` puts it.
 */
export class FormerSecret {
  /** Epoch milliseconds; set once the node can show it. */
  show: (at: number) => void = () => undefined;
  private logged = Number.NEGATIVE_INFINITY;

  constructor(private readonly node: Node) {}

  used(): void {
    const now = Date.now();
    this.show(now);
    if (now - this.logged < REMINDER) return;
    this.logged = now;
    log(this.node, 'warn', say`The former secret was used: the partner still has to be changed over.`);
  }
}
