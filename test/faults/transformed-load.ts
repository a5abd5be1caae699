import { SHARED } from './conflict-fields.js';
import type { Partners } from './partners.js';
import { SIDES, type Side } from './random-load.js';

/** A ticket whose fields only its opener changes, with comments from both sides. */
export interface TransformedTicket {
  mark: string;
  opener: Side;
  ids: Record<Side, string>;
  /** All values the opener set, by field name; the last one must be kept. */
  values: Map<string, string[]>;
  /** Texts of all comments, including repetitions. */
  said: Record<Side, string[]>;
  files: Record<Side, string[]>;
}

const WORDS = [
  'Schlüssel für Gebäude Zürich geprüft ✅, Ärger mit “Anführungszeichen” & <Klammern>',
  'Line one\nLine two\n\n  indented line three',
  'The quick brown fox jumps over the lazy dog while the technician measures the attenuation of the line, twice, and writes it down here',
  'Naïve café 🚀🔥 done',
  'ok',
  'a < b && b > c; 5 * 3 = "15"',
];

/** Simulates users who write long, unusual and repeated texts. */
export class TransformedLoad {
  readonly tickets: TransformedTicket[] = [];
  acts = 0;
  private count = 0;

  constructor(
    private readonly partners: Partners,
    private readonly random: () => number,
    private readonly seed: number,
  ) {}

  private one<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  private phrase(): string {
    return this.one(WORDS);
  }

  open(opener: Side): void {
    const { customer, provider } = this.partners;
    const mark = `K${this.seed}x${this.tickets.length}z`;
    const ticket: TransformedTicket = {
      ...{ mark, opener, ids: { customer: '', provider: '' }, values: new Map() },
      said: { customer: [], provider: [] },
      files: { customer: [], provider: [] },
    };
    this.tickets.push(ticket);
    const values = this.fresh(ticket, ['title', 'description', 'severity', 'state']);
    if (opener === 'customer') ticket.ids.customer = customer.create(Object.assign({}, ...values.map(({ row }) => row))).sys_id!;
    else {
      const fields = { ...Object.fromEntries(values.map(({ attribute, value }) => [attribute, value])), ticketType: 'incident' };
      ticket.ids.provider = provider.create(fields).id;
    }
  }

  /** Whether all tickets exist at both sides. */
  found(): boolean {
    const { customer, provider } = this.partners;
    for (const { ids, mark } of this.tickets) {
      ids.customer ||=
        [...customer.incidents.values()].find(({ value }) => value.short_description!.startsWith(mark))?.value.sys_id ?? '';
      ids.provider ||= [...provider.tickets.values()].find(({ value }) => value.name?.startsWith(mark))?.value.id ?? '';
    }
    return this.tickets.every(({ ids }) => ids.customer && ids.provider);
  }

  act(): void {
    const ticket = this.one(this.tickets);
    const side = this.one(SIDES);
    const kind = this.random();
    this.acts++;
    if (kind < 0.5) this.say(ticket, side, `[[${ticket.mark}#${++this.count}]] ${this.phrase()}`);
    else if (kind < 0.65) this.repeat(ticket, side);
    else if (kind < 0.8) this.attach(ticket, side);
    else this.change(ticket);
  }

  private say(ticket: TransformedTicket, side: Side, words: string): void {
    ticket.said[side].push(words);
    if (side === 'customer') this.partners.customer.update(ticket.ids.customer, { comments: words });
    else this.partners.provider.note(ticket.ids.provider, words);
  }

  /** Repeats an earlier comment of the same side. */
  private repeat(ticket: TransformedTicket, side: Side): void {
    const said = ticket.said[side];
    if (said.length) this.say(ticket, side, this.one(said));
  }

  /** All files of a ticket have the same name, like pasted screenshots. */
  private attach(ticket: TransformedTicket, side: Side): void {
    const content = `{{${ticket.mark}#${++this.count}}}`;
    ticket.files[side].push(content);
    this.partners[side].attach(ticket.ids[side], 'Bild (1) für Sie.txt', Buffer.from(content));
  }

  private change(ticket: TransformedTicket): void {
    const { customer, provider } = this.partners;
    const values = this.fresh(ticket, [this.one(SHARED).name]);
    if (ticket.opener === 'customer') customer.update(ticket.ids.customer, Object.assign({}, ...values.map(({ row }) => row)));
    else provider.change(ticket.ids.provider, Object.fromEntries(values.map(({ attribute, value }) => [attribute, value])));
  }

  private fresh(ticket: TransformedTicket, names: string[]) {
    return SHARED.filter(({ name }) => names.includes(name)).map((field) => {
      const long = `${this.phrase()} `.repeat(4).trim();
      const text = `${ticket.mark} ${++this.count} ${field.name === 'title' ? this.phrase().replaceAll(/\s+/g, ' ') : long}`;
      const value = field.fresh(this.random, field.name === 'title' ? Array.from(text).slice(0, 150).join('').trim() : text);
      ticket.values.set(field.name, [...(ticket.values.get(field.name) ?? []), value]);
      return { attribute: field.attribute, value, row: field.toIncident(value) };
    });
  }
}
