import type { MessageList, MessageView } from '../../nodes/sidebar/views.js';

/** An unsettled message or delivery, as the operator sees it. */
export interface UnsettledItem {
  kind: 'messages' | 'deliveries';
  id: string;
  /** Numbers of its tickets, for searching. */
  numbers: string[];
  part: string;
  state: string;
  reason: string;
  text: string;
}

export const concerns = (one: UnsettledItem, numbers: string[]) => numbers.some((number) => one.numbers.includes(number));

/** States in which nothing happens without an operator. */
const ENDED = ['failed', 'needsDecision', 'unrouted'];

/** Whether an earlier item of the same ticket needs an operator. */
const ended = (one: UnsettledItem, unsettled: UnsettledItem[]) =>
  unsettled.some((other) => ENDED.includes(other.state) && other.reason && concerns(other, one.numbers));

/** Whether nothing will happen without an operator: waiting items are blocked by an item of their ticket that needs one. */
export const waitsForever = (unsettled: UnsettledItem[]) =>
  unsettled.every((one) => ENDED.includes(one.state) || (one.state === 'waiting' && ended(one, unsettled)));

/** Items without a reason. */
export const withoutReason = (unsettled: UnsettledItem[]) =>
  unsettled.filter((one) => !one.reason && !(one.state === 'waiting' && ended(one, unsettled)));

/** The operator of the messages view, using the same admin routes. */
export class Operator {
  /** Numbers of the tickets with replayed items. */
  readonly replayed = new Set<string>();
  private readonly times = new Map<string, number>();

  constructor(private readonly url: () => string) {}

  /** All items that are not settled successfully. */
  async unsettled(): Promise<UnsettledItem[]> {
    const found: UnsettledItem[] = [];
    const seen = new Set<string>();
    for (const state of ['problems', 'needsDecision', 'waiting', 'unrouted']) {
      let before: string | undefined;
      do {
        const page = await this.get<MessageList>(`messages?state=${state}&limit=200${before ? `&before=${before}` : ''}`);
        for (const { id } of page.messages) {
          if (seen.has(id)) continue;
          seen.add(id);
          found.push(...unsettledItems(await this.get<MessageView>(`messages/${id}`)));
        }
        before = page.next;
      } while (before);
    }
    return found.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /**
   * Replays failed and undecided items, oldest first, each at most three times, and sends missing ones again; returns their
   * number.
   */
  async replay(): Promise<number> {
    let done = 0;
    for (const one of await this.unsettled()) {
      const times = this.times.get(one.id) ?? 0;
      if (!['failed', 'needsDecision'].includes(one.state) || times >= 3) continue;
      this.times.set(one.id, times + 1);
      // If a second look-up does not find it, send it again.
      const sent = times > 0 && one.state === 'needsDecision' && (await this.act(one, 'sendAgain'));
      if (!sent && !(await this.act(one, 'replay'))) continue;
      for (const number of one.numbers) this.replayed.add(number);
      done++;
    }
    return done;
  }

  private async act({ kind, id }: UnsettledItem, action: string): Promise<boolean> {
    const headers = { 'Content-Type': 'application/json' };
    const { ok } = await fetch(`${this.url()}/switchboard/${kind}/${id}/${action}`, { method: 'POST', headers });
    return ok;
  }

  /** All messages of a ticket with their deliveries. */
  async history(number: string): Promise<string> {
    const { messages } = await this.get<MessageList>(`messages?search=${number}&limit=100`);
    const lines = messages.reverse().map(({ receivedAt, origin, state, reason, deliveries }) => {
      const sent = deliveries.map((one) => `${one.entityType} ${one.state}`).join(', ');
      return `        ${receivedAt} ${origin} ${state} ${reason ?? ''} → ${sent || 'nothing'}`;
    });
    return `      ${number}:\n${lines.join('\n')}`;
  }

  private async get<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.url()}/switchboard/${path}`)).json()) as T;
  }
}

function unsettledItems(message: MessageView): UnsettledItem[] {
  const found: UnsettledItem[] = [];
  const linked = message.conversation?.links.flatMap(({ id, number }) => [id, number]) ?? [];
  const numbers = [...new Set([message.number, message.entityId, ...linked].filter((one) => one !== undefined))];
  if (message.sent.length === 0 && !['delivered', 'ignored', 'skipped'].includes(message.state))
    found.push({
      ...{ kind: 'messages', id: message.id, numbers, part: 'message', state: message.state, text: '' },
      reason: message.error ? `${message.error.code}: ${message.error.message}` : (message.reason ?? ''),
    });
  for (const sent of message.sent) {
    if (['delivered', 'skipped', 'merged'].includes(sent.state)) continue;
    found.push({
      ...{ kind: 'deliveries', id: sent.id, numbers, part: sent.part, state: sent.state },
      reason: sent.error ? `${sent.error.code}: ${sent.error.message}` : '',
      text: JSON.stringify([sent.payload, sent.part, sent.bodies, sent.lines]),
    });
  }
  return found;
}

/** Counts the items by part, state and reason. */
export function summarise(unsettled: UnsettledItem[]): string {
  const kinds = new Map<string, number>();
  for (const { part, state, reason } of unsettled) {
    const words = reason
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/\b[0-9a-f]{32}\b|\b(TT-|INC|SWB-)\w+/g, '…')
      .slice(0, 200);
    const kind = `${part.split(':')[0]} ${state}: ${words}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].map(([kind, times]) => `      ${times} × ${kind}`).join('\n');
}
