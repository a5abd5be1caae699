import type { Node } from 'node-red';
import type { Broker } from '../../src/delivery/broker.js';
import type { IntakePart } from '../../src/delivery/intake-troubles.js';
import { NodeCounts } from '../../src/delivery/node-counts.js';
import { countDown, MOST_TEXT, show, troubles } from './status.js';

/**
 * What an in node says of itself: what is in trouble and when it is tried again, else how it listens; and how many of its messages failed
 * or need a decision.
 */
export class IntakeStatus {
  private readonly troubles = new Map<IntakePart, { text: string; retryAt: number }>();
  private readonly standing: NodeCounts;
  private calm = '';
  private certain = true;
  private endpoint = '';

  constructor(
    private readonly node: Node,
    private readonly broker: Broker,
  ) {
    this.standing = new NodeCounts(broker.store, 'message', node.id, () => this.tell());
  }

  /** From now on the status is shown. `endpoint`: whose messages they are. */
  begin(endpoint: string, calm: string): Promise<void> {
    this.calm = calm;
    this.endpoint = endpoint;
    return this.standing.begin(endpoint);
  }

  stop(): void {
    for (const part of this.troubles.keys()) this.broker.intakeTroubles.end(this.node.id, part);
    this.standing.stop();
  }

  trouble(part: IntakePart, text: string, retryAt: number): void {
    const { node, endpoint } = this;
    this.broker.intakeTroubles.begin(node.id, { endpoint, name: node.name || node.type, part, reason: text });
    this.troubles.set(part, { text, retryAt });
    this.tell();
  }

  /** A part works (again); `calm`: what is to be said while all do, and whether that is certain. */
  works(part: IntakePart, calm = this.calm, certain = this.certain): void {
    this.broker.intakeTroubles.end(this.node.id, part);
    this.troubles.delete(part);
    this.calm = calm;
    this.certain = certain;
    this.tell();
  }

  /** What a message is about could be read. */
  readable(): void {
    if (this.troubles.has('read')) this.works('read');
  }

  private tell(): void {
    const failures = troubles(this.standing);
    const [trouble] = this.troubles.values();
    if (trouble) countDown(this.node, 'error', trouble.retryAt, (when) => `retry ${when}${failures}: ${trouble.text}`);
    else if (this.calm) show(this.node, failures || !this.certain ? 'warning' : 'ok', shortened(this.calm, failures));
  }
}

/** What can be read of a status is short: what waits for a person goes before the last words of how the node listens. */
function shortened(calm: string, failures: string): string {
  const words = calm.split(', ');
  while (words.length > 1 && words.join(', ').length + failures.length > MOST_TEXT) words.pop();
  return words.join(', ') + failures;
}
