import { SHARED, type SharedField } from './conflict-fields.js';
import { pause } from './fault-rig.js';
import type { Partners } from './partners.js';
import type { Side } from './random-load.js';

export interface FieldWrite {
  side: Side;
  field: SharedField;
  value: string;
  /** Real time in milliseconds. */
  at: number;
}

/** A ticket at both sides, with all user actions on it. */
export interface Pair {
  mark: string;
  sysId: string;
  ticketId: string;
  /** The changes of each round in chronological order. */
  rounds: FieldWrite[][];
  said: Record<Side, string[]>;
}

export interface ConflictTiming {
  /** Maximum milliseconds between the changes of the two sides. */
  within: number;
  /** Minimum milliseconds. */
  after?: number;
}

/** Simulates users at both sides who change the same fields of the same tickets at the same time. */
export class ConflictLoad {
  readonly pairs: Pair[] = [];
  acts = 0;
  private count = 0;

  constructor(
    private readonly partners: Partners,
    private readonly random: () => number,
    private readonly seed: number,
  ) {}

  /** Opens tickets at the customer. */
  open(total: number): void {
    for (let i = 0; i < total; i++) {
      const mark = `C${this.seed}x${i}z`;
      const fields = { short_description: `${mark} new`, description: mark, impact: '2', urgency: '2' };
      const { sys_id } = this.partners.customer.create(fields);
      this.pairs.push({ mark, sysId: sys_id!, ticketId: '', rounds: [], said: { customer: [], provider: [] } });
    }
  }

  /** Whether all tickets exist at the provider. */
  found(): boolean {
    for (const pair of this.pairs)
      pair.ticketId ||=
        [...this.partners.provider.tickets.values()].find(({ value }) => value.description === pair.mark)?.value.id ?? '';
    return this.pairs.every(({ ticketId }) => ticketId);
  }

  /** Changes each ticket at both sides. Resolves when all changes are made. */
  async round(timing: ConflictTiming): Promise<void> {
    await Promise.all(this.pairs.map((pair) => this.both(pair, timing)));
  }

  private async both(pair: Pair, { within, after = 0 }: ConflictTiming): Promise<void> {
    const { random } = this;
    const writes: FieldWrite[] = [];
    pair.rounds.push(writes);
    const fields = random() < 0.7 ? [this.one(SHARED)] : SHARED.filter(() => random() < 0.6);
    const times = random() < 0.3 ? 3 : 1;
    const sides: Side[] = random() < 0.5 ? ['customer', 'provider'] : ['provider', 'customer'];
    await pause(random() * 400);
    const gap = after + random() * (within - after);
    const work = async (side: Side, delay: number) => {
      await pause(delay);
      for (let time = 0; time < times; time++) {
        if (time > 0) await pause(random() * 150);
        this.change(pair, side, fields, writes);
        if (random() < 0.5) this.comment(pair, side);
      }
    };
    await Promise.all([work(sides[0]!, 0), work(sides[1]!, gap)]);
    if (random() < 0.5) this.comment(pair, 'provider');
  }

  private one<T>(list: T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  private change(pair: Pair, side: Side, fields: SharedField[], writes: FieldWrite[]): void {
    const { customer, provider } = this.partners;
    const number = ++this.count;
    const written = fields.map((field) => ({
      field,
      value: field.fresh(this.random, `${pair.mark} ${side} ${number}`),
    }));
    for (const write of written) writes.push({ ...write, side, at: Date.now() });
    this.acts++;
    if (side === 'customer')
      customer.update(pair.sysId, Object.assign({}, ...written.map(({ field, value }) => field.toIncident(value))));
    else provider.change(pair.ticketId, Object.fromEntries(written.map(({ field, value }) => [field.attribute, value])));
  }

  private comment(pair: Pair, side: Side): void {
    const { customer, provider } = this.partners;
    const text = `[[${pair.mark}#${++this.count}]]`;
    pair.said[side].push(text);
    this.acts++;
    if (side === 'customer') customer.update(pair.sysId, { comments: text });
    else provider.note(pair.ticketId, text);
  }
}
