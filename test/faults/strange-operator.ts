import type { MessageList, MessageView } from '../../nodes/sidebar/views.js';

/** What was put aside: a message or a delivery that is not done, as a person sees it. */
export interface Aside {
  kind: 'messages' | 'deliveries';
  id: string;
  /** By which it can be found: the numbers of its tickets. */
  numbers: string[];
  part: string;
  state: string;
  reason: string;
  text: string;
}

export const concerns = (one: Aside, numbers: string[]) => numbers.some((number) => one.numbers.includes(number));

/** States in which nothing more is done without a person. */
const ENDED = ['failed', 'needsDecision', 'unrouted'];

/** What is there before it and waits for a person. */
const ended = (one: Aside, aside: Aside[]) =>
  aside.some((other) => ENDED.includes(other.state) && other.reason && concerns(other, one.numbers));

/** Whether nothing of it will be done without a person: what is in doubt or waits is so behind something of its ticket that has ended. */
export const waitsForever = (aside: Aside[]) =>
  aside.every((one) => ENDED.includes(one.state) || (one.state === 'waiting' && ended(one, aside)));

/** What says nothing of why it is there. */
export const unreasoned = (aside: Aside[]) =>
  aside.filter((one) => !one.reason && !(one.state === 'waiting' && ended(one, aside)));

/** The person at the messages view, by the same routes. */
export class Operator {
  /** Numbers of the tickets of which something was replayed. */
  readonly replayed = new Set<string>();
  private readonly times = new Map<string, number>();

  constructor(private readonly url: () => string) {}

  /** Everything that is not settled well. */
  async aside(): Promise<Aside[]> {
    const found: Aside[] = [];
    const seen = new Set<string>();
    for (const state of ['problems', 'needsDecision', 'waiting', 'unrouted']) {
      let before: string | undefined;
      do {
        const page = await this.get<MessageList>(`messages?state=${state}&limit=200${before ? `&before=${before}` : ''}`);
        for (const { id } of page.messages) {
          if (seen.has(id)) continue;
          seen.add(id);
          found.push(...unsettled(await this.get<MessageView>(`messages/${id}`)));
        }
        before = page.next;
      } while (before);
    }
    return found.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Replays what failed or was left to a person, the oldest first, each no more than three times, and sends again what is not there; says how many. */
  async replay(): Promise<number> {
    let done = 0;
    for (const one of await this.aside()) {
      const times = this.times.get(one.id) ?? 0;
      if (!['failed', 'needsDecision'].includes(one.state) || times >= 3) continue;
      this.times.set(one.id, times + 1);
      // What was looked for once more, and is not there, is sent again.
      const sent = times > 0 && one.state === 'needsDecision' && (await this.act(one, 'sendAgain'));
      if (!sent && !(await this.act(one, 'replay'))) continue;
      for (const number of one.numbers) this.replayed.add(number);
      done++;
    }
    return done;
  }

  private async act({ kind, id }: Aside, action: string): Promise<boolean> {
    const headers = { 'Content-Type': 'application/json' };
    const { ok } = await fetch(`${this.url()}/switchboard/${kind}/${id}/${action}`, { method: 'POST', headers });
    return ok;
  }

  /** All that came about a ticket, and what became of it. */
  async story(number: string): Promise<string> {
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

function unsettled(message: MessageView): Aside[] {
  const found: Aside[] = [];
  const linked = message.conversation?.links.flatMap(({ id, number }) => [id, number]) ?? [];
  const numbers = [...new Set([message.number, message.entityId, ...linked].filter((one) => one !== undefined))];
  if (message.sent.length === 0 && !['delivered', 'ignored', 'skipped'].includes(message.state))
    found.push({
      ...{ kind: 'messages', id: message.id, numbers, part: 'message', state: message.state, text: '' },
      reason: message.error ? `${message.error.code}: ${message.error.message}` : (message.reason ?? ''),
    });
  for (const sent of message.sent) {
    if (['delivered', 'skipped'].includes(sent.state)) continue;
    found.push({
      ...{ kind: 'deliveries', id: sent.id, numbers, part: sent.part, state: sent.state },
      reason: sent.error ? `${sent.error.code}: ${sent.error.message}` : '',
      text: JSON.stringify([sent.payload, sent.part, sent.bodies, sent.lines]),
    });
  }
  return found;
}

/** Each kind of it once, with how often it is. */
export function inWords(aside: Aside[]): string {
  const kinds = new Map<string, number>();
  for (const { part, state, reason } of aside) {
    const words = reason
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/\b[0-9a-f]{32}\b|\b(TT-|INC|SWB-)\w+/g, '…')
      .slice(0, 200);
    const kind = `${part.split(':')[0]} ${state}: ${words}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].map(([kind, times]) => `      ${times} × ${kind}`).join('\n');
}
