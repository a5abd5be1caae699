import type { Node } from 'node-red';
import type { Broker } from '../../src/delivery/broker.js';
import type { FormerSecretUse } from '../../src/delivery/intake-reports.js';
import type { IntakePart } from '../../src/delivery/intake-troubles.js';
import { NodeCounts } from '../../src/delivery/node-counts.js';
import { say } from '../../src/text/say.js';
import { clockTime } from './clock-time.js';
import { log } from './log.js';
import { shownName } from './shown-name.js';
import { attentionText, countDown, MAX_TEXT, show } from './status.js';

/** Log lines, in English as all of them. */
const RECOVERED: Record<IntakePart, string> = {
  poll: 'Polling works again.',
  hub: 'The registration at the hub works again.',
  read: 'Records can be read again.',
  file: 'Its files can be fetched again.',
};

/**
 * The status of an in node: the current failure and its next retry, else how changes arrive; plus the number of its messages that
 * failed or need a decision.
 */
export class IntakeStatus {
  private readonly failures = new Map<IntakePart, { text: string; retryAt?: number }>();
  private readonly counts: NodeCounts;
  /** Time of the next check, while the endpoint is paused. */
  private pausedUntil: number | undefined;
  private idleText = '';
  private certain = true;
  private endpoint = '';
  private formerSecretNote: string | undefined;

  constructor(
    private readonly node: Node,
    private readonly broker: Broker,
  ) {
    this.counts = new NodeCounts(broker.store, 'message', node.id, () => this.update());
  }

  /** Starts to show the status. `endpoint`: the source of the messages; `ways`: how they arrive, the interval in milliseconds. */
  begin(endpoint: string, idleText: string, ways: { pollInterval?: number; hub: boolean }): Promise<void> {
    this.idleText = idleText;
    this.endpoint = endpoint;
    const { id: node } = this.node;
    this.broker.intakeReports.begin({
      node,
      name: shownName(this.node),
      endpoint,
      ...(ways.pollInterval !== undefined && { poll: { interval: ways.pollInterval } }),
      ...(ways.hub && { hub: { registered: false } }),
    });
    return this.counts.begin(endpoint);
  }

  stop(): void {
    for (const part of this.failures.keys()) this.broker.intakeTroubles.end(this.node.id, part);
    this.broker.intakeReports.end(this.node.id);
    this.counts.stop();
  }

  /**
   * Shows a failure. Returns whether it is new, or has another reason than before. `retryAt`: epoch milliseconds; absent: only other
   * settings help.
   */
  trouble(part: IntakePart, text: string, retryAt?: number): boolean {
    const { node, endpoint } = this;
    const isNew = this.failures.get(part)?.text !== text;
    this.broker.intakeTroubles.begin(node.id, { endpoint, name: shownName(node), part, reason: text });
    this.failures.set(part, { text, retryAt });
    this.update();
    return isNew;
  }

  /** A part works (again). `idleText`: the status while all parts work; `certain`: whether changes certainly arrive that way. */
  works(part: IntakePart, idleText = this.idleText, certain = this.certain): void {
    this.broker.intakeTroubles.end(this.node.id, part);
    if (part === 'poll') this.broker.intakeReports.polled(this.node.id);
    if (this.failures.delete(part)) log(this.node, 'info', RECOVERED[part]);
    this.idleText = idleText;
    this.certain = certain;
    this.update();
  }

  /** A former secret is accepted from now on, after this; undefined: no more. */
  formerSecret(after: FormerSecretUse['after'] | undefined): void {
    this.broker.intakeReports.formerSecret(this.node.id, after);
    this.formerSecretNote = undefined;
    this.update();
  }

  /** The partner has used it. `at`: epoch milliseconds. */
  formerSecretUsed(at: number): void {
    this.broker.intakeReports.formerSecretUsed(this.node.id);
    this.formerSecretNote = say`former secret used ${clockTime(at, Date.now())}`;
    this.update();
  }

  /** An entity was read successfully (again). */
  readable(): void {
    if (this.failures.has('read')) this.works('read');
  }

  /** The endpoint rejects everything until a check at that time, or works (again). */
  paused(until: number | undefined): void {
    this.pausedUntil = until;
    this.update();
  }

  private update(): void {
    const attention = attentionText(this.counts);
    const [failure] = this.failures.values();
    if (this.pausedUntil !== undefined)
      countDown(
        this.node,
        'error',
        this.pausedUntil,
        (when) => say`the partner rejects everything, next check ${when}` + attention,
      );
    else if (failure?.retryAt !== undefined)
      countDown(this.node, 'error', failure.retryAt, (when) => `${say`retry ${when}`}${attention}: ${failure.text}`);
    else if (failure) show(this.node, 'error', `${failure.text}${attention}`);
    else if (this.idleText) {
      const text = [this.idleText, this.formerSecretNote].filter(Boolean).join(', ');
      show(this.node, attention || !this.certain ? 'warning' : 'ok', shortened(text, attention));
    }
  }
}

/** A status has little room: what needs attention matters more than the details of how changes arrive. */
function shortened(text: string, attention: string): string {
  const parts = text.split(', ');
  while (parts.length > 1 && parts.join(', ').length + attention.length > MAX_TEXT) parts.pop();
  return parts.join(', ') + attention;
}
