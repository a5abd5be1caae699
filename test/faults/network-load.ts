import type { FakeServiceNow } from './fake-servicenow.js';
import type { FakeTmf621 } from './fake-tmf621.js';
import type { Party } from './network-flow.js';

export interface Customer extends Party {
  partner: FakeServiceNow;
}
export interface Provider extends Party {
  partner: FakeTmf621;
  service: string;
}

/** Something a user wrote at one party, for the other party of the ticket. */
export interface Saying {
  text: string;
  from: string;
  to: string;
  at: number;
  file?: true;
}

/** A ticket between a customer and a provider. All its texts contain its mark. */
export interface NetworkTicket {
  mark: string;
  customer: Customer;
  provider: Provider;
  openedBy: 'customer' | 'provider';
  sayings: Saying[];
}

export const MARK = /N\d+x\d+z/;

/** Users of all parties. */
export class NetworkLoad {
  readonly tickets: NetworkTicket[] = [];
  private count = 0;

  constructor(
    private readonly customers: readonly Customer[],
    private readonly providers: readonly Provider[],
    private readonly random: () => number,
    private readonly seed: number,
  ) {}

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  /** A customer opens a ticket about a service of a provider, or a provider opens one for a customer. */
  open(): void {
    const [customer, provider] = [this.pick(this.customers), this.pick(this.providers)];
    const mark = `N${this.seed}x${this.tickets.length}z`;
    const openedBy = this.random() < 0.7 ? 'customer' : 'provider';
    this.tickets.push({ mark, customer, provider, openedBy, sayings: [] });
    const title = `${mark} for ${customer.name}`;
    if (openedBy === 'customer') {
      const row = { short_description: title, description: mark, impact: '2', urgency: '2', category: provider.service };
      customer.partner.create(row);
    } else provider.partner.create({ name: title, description: mark, severity: 'Minor', ticketType: 'incident' });
  }

  /** A user comments, attaches a file or changes the state, at one party of a recent ticket that exists at both. */
  act(): void {
    const ticket = this.pick(this.tickets.slice(-20));
    if (!ticket) return;
    const { mark, customer, provider } = ticket;
    const row = [...customer.partner.incidents.values()].find(({ value }) => value.description === mark)?.value;
    const other = [...provider.partner.tickets.values()].find(({ value }) => value.description === mark)?.value;
    if (!row?.sys_id || !other) return;
    const byCustomer = this.random() < 0.5;
    const [from, to] = byCustomer ? [customer.name, provider.name] : [provider.name, customer.name];
    const number = ++this.count;
    const kind = this.random();
    if (kind < 0.15) {
      if (byCustomer) customer.partner.update(row.sys_id, { state: this.pick(['1', '2']) });
      else provider.partner.change(other.id, { status: this.pick(['acknowledged', 'inProgress']) });
      return;
    }
    if (kind < 0.3) {
      const text = `${mark}-${number}.txt`;
      ticket.sayings.push({ text, from, to, at: Date.now(), file: true });
      const content = Buffer.from(`content of ${text}`);
      if (byCustomer) customer.partner.attach(row.sys_id, text, content);
      else provider.partner.attach(other.id, text, content);
      // A file alone changes no record there, and is read with the next change.
      if (!byCustomer) return;
    }
    const text = `[[${mark}#${number}]]`;
    ticket.sayings.push({ text, from, to, at: Date.now() });
    if (byCustomer) customer.partner.update(row.sys_id, { comments: text });
    else provider.partner.note(other.id, text);
  }

  /** Milliseconds until comments from and to parties that are not `troubled`, said between two times, had taken effect. */
  latencies(from: number, until: number, troubled: ReadonlySet<string>): number[] {
    const found: number[] = [];
    for (const { customer, provider, sayings } of this.tickets) {
      if (troubled.has(customer.name) || troubled.has(provider.name)) continue;
      for (const { text, to, at, file } of sayings) {
        if (file || at < from || at > until) continue;
        const { written } = to === customer.name ? customer.partner : provider.partner;
        const effect = written.find(({ body, effects }) => effects.length > 0 && body.includes(text))?.effects[0];
        found.push(effect === undefined ? Number.POSITIVE_INFINITY : effect - at);
      }
    }
    return found.sort((a, b) => a - b);
  }
}

export const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;

/** What of the tickets is not where it belongs, in words; empty if everything is exactly once at its two parties. */
export function judgeNetwork(
  customers: readonly Customer[],
  providers: readonly Provider[],
  tickets: readonly NetworkTicket[],
): string[] {
  const faults: string[] = [];
  const at = new Map<string, { party: string; id: string; mark: string; texts: string[]; files: string[] }[]>();
  const keep = (party: string, id: string, mark: string, texts: string[], files: string[]) =>
    at.set(mark, [...(at.get(mark) ?? []), { party, id, mark, texts, files }]);
  for (const { name, partner } of customers)
    for (const { value } of partner.incidents.values()) {
      const id = value.sys_id!;
      const files = partner.files(id).map((file) => file.name);
      keep(name, value.number!, MARK.exec(value.description ?? '')?.[0] ?? '', partner.comments(id), files);
    }
  for (const { name, partner } of providers)
    for (const { value } of partner.tickets.values()) {
      const texts = value.note.map(({ text }) => text);
      const files = partner.files(value.id).map((file) => file.name);
      keep(name, value.id, MARK.exec(value.description ?? '')?.[0] ?? '', texts, files);
    }
  const known = new Set(tickets.map(({ mark }) => mark));
  for (const [mark, records] of at)
    if (!known.has(mark)) faults.push(`unknown: ${records.map(({ party, id }) => `${party} ${id}`).join()}`);
  for (const { mark, customer, provider, sayings } of tickets) {
    const records = at.get(mark) ?? [];
    const parties = [customer.name, provider.name];
    for (const party of parties) {
      const count = records.filter((record) => record.party === party).length;
      if (count !== 1) faults.push(`${count ? 'doubled' : 'lost'}: ${mark} is ${count} times at ${party}`);
    }
    for (const { party, id } of records) if (!parties.includes(party)) faults.push(`foreign: ${mark} is at ${party} as ${id}`);
    for (const { party, id, texts, files } of records) {
      for (const text of [...texts, ...files])
        if (MARK.exec(text)?.[0] !== mark) faults.push(`foreign: ${party} ${id} of ${mark} has ${text.slice(0, 100)}`);
      const positions: number[] = [];
      for (const { text, from, file } of sayings) {
        const list = file ? files : texts;
        const times = list.filter((one) => one.includes(text)).length;
        if (times !== 1) faults.push(`${times ? 'doubled' : 'lost'}: ${text} of ${from} is ${times} times at ${party} ${id}`);
        if (!file && from !== party) positions.push(texts.findIndex((one) => one.includes(text)));
      }
      const ordered = positions.every((position, i) => i === 0 || position > positions[i - 1]!);
      if (!ordered) faults.push(`out of order: ${mark} at ${party} ${id}: ${texts.join(' ').slice(0, 400)}`);
    }
  }
  return faults;
}
