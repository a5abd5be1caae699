import type { Partners } from './partners.js';

export type Side = 'customer' | 'provider';
export const SIDES: Side[] = ['customer', 'provider'];

/** A ticket with its expected content. All its texts contain its mark. */
export interface TrackedTicket {
  mark: string;
  opener: Side;
  /** Its id at each side, once it exists there. */
  ids: Partial<Record<Side, string>>;
  said: Record<Side, string[]>;
  files: Record<Side, { name: string; content: string }[]>;
  titles: number;
  /** The last change and the side that made it. */
  last?: { side: Side; state: string; title: string };
}

/** Incident states with the equivalent ticket states. */
export const EQUIVALENT_STATES: Record<string, string[]> = {
  1: ['acknowledged'],
  2: ['inProgress'],
  3: ['pending', 'held'],
  6: ['resolved'],
  7: ['closed'],
};

export interface LoadOptions {
  seed: number;
  random: () => number;
  partners: Partners;
  /** The provider adds no comments of its own, because in list mode `replace` we write whole lists. */
  silentProvider: boolean;
}

/** Simulates users at both sides who work on their tickets. */
export class RandomLoad {
  readonly tickets: TrackedTicket[] = [];
  acts = 0;
  private count = 0;

  constructor(private readonly options: LoadOptions) {}

  private pick<T>(list: T[]): T {
    return list[Math.floor(this.options.random() * list.length)]!;
  }

  open(): void {
    const { partners, random, seed, silentProvider } = this.options;
    const mark = `M${seed}x${this.tickets.length}z`;
    const opener: Side = random() < 0.6 ? 'customer' : 'provider';
    const ticket: TrackedTicket = {
      mark,
      opener,
      ids: {},
      said: { customer: [], provider: [] },
      files: { customer: [], provider: [] },
      titles: 0,
    };
    this.tickets.push(ticket);
    const title = `${mark} v0`;
    if (opener === 'customer') {
      const row = partners.customer.create({ short_description: title, description: mark, impact: '2', urgency: '2' });
      ticket.ids.customer = row.sys_id;
    } else {
      const text = `[[${mark}#0]]`;
      const note = silentProvider ? [{ text, author: 'noc' }] : [];
      if (silentProvider) ticket.said.provider.push(text);
      const fields = { name: title, description: mark, severity: 'Minor', ticketType: 'incident', note: note as never };
      ticket.ids.provider = partners.provider.create(fields).id;
    }
  }

  /** Finds the ids of the ticket at both sides. */
  locate(ticket: TrackedTicket): void {
    const { customer, provider } = this.options.partners;
    ticket.ids.customer ??= [...customer.incidents.values()].find(({ value }) => value.description === ticket.mark)?.value.sys_id;
    ticket.ids.provider ??= [...provider.tickets.values()].find(
      ({ value }) => value.description === ticket.mark && !provider.children.has(value.id),
    )?.value.id;
  }

  /** A random user action on a recent ticket. */
  act(): void {
    const { partners, random, silentProvider } = this.options;
    const ticket = this.pick(this.tickets.slice(-15));
    this.locate(ticket);
    const side = this.pick(SIDES);
    const id = ticket.ids[side];
    if (!id) return;
    const number = ++this.count;
    const kind = random();
    const mute = silentProvider && side === 'provider';
    this.acts++;
    if (kind < 0.45) {
      if (mute) return;
      const text = `[[${ticket.mark}#${number}]]`;
      ticket.said[side].push(text);
      if (side === 'customer') partners.customer.update(id, { comments: text });
      else partners.provider.note(id, text);
    } else if (kind < 0.6) {
      if (mute) return;
      const name = `${ticket.mark}-${number}.txt`;
      const content = `${name} ${'x'.repeat(Math.floor(random() * 2_000))}`;
      ticket.files[side].push({ name, content });
      partners[side].attach(id, name, Buffer.from(content));
    } else if (kind < 0.7) this.change(side, id, undefined, `${ticket.mark} v${++ticket.titles}`);
    else if (ticket.ids.customer && ticket.ids.provider)
      this.change(
        side,
        id,
        side === 'customer' ? this.pick(['2', '6', '3', '1']) : this.pick(['inProgress', 'resolved', 'pending']),
      );
  }

  private change(side: Side, id: string, state?: string, title?: string): void {
    const { customer, provider } = this.options.partners;
    if (side === 'customer') {
      const reason = state === '6' ? { close_code: 'Solved', close_notes: 'Done' } : state === '3' ? { hold_reason: '1' } : {};
      customer.update(id, { ...(state && { state, ...reason }), ...(title && { short_description: title }) } as Record<
        string,
        string
      >);
    } else provider.change(id, { ...(state && { status: state }), ...(title && { name: title }) });
  }

  /** Changes each ticket at one side to values that neither side has. */
  lastChanges(): void {
    const { customer, provider } = this.options.partners;
    for (const [index, ticket] of this.tickets.entries()) {
      this.locate(ticket);
      const { customer: sysId, provider: id } = ticket.ids;
      if (!sysId || !id) continue;
      const now = customer.incidents.get(sysId)!.value.state!;
      const there = provider.tickets.get(id)!.value.status;
      const side: Side = index % 2 ? 'customer' : 'provider';
      const title = `${ticket.mark} last`;
      const fresh = ['2', '6', '1'].find((state) => state !== now && !EQUIVALENT_STATES[state]!.includes(there))!;
      const state = side === 'customer' ? fresh : EQUIVALENT_STATES[fresh]![0]!;
      ticket.last = { side, state, title };
      this.change(side, side === 'customer' ? sysId : id, state, title);
    }
  }
}
