import { SHARED } from './clash-fields.js';
import type { Partners } from './partners.js';
import { SIDES, type Side } from './strange-load.js';

/** A ticket whose fields only its opener changes, and in which both talk. */
export interface Spoken {
  mark: string;
  opener: Side;
  ids: Record<Side, string>;
  /** All values that the opener gave a field, by its name; the last one is to stay. */
  values: Map<string, string[]>;
  /** Marks of what was said, each as often as it was said. */
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

/** People who write long, odd and repeated things. */
export class KeptLoad {
  readonly tickets: Spoken[] = [];
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
    const ticket: Spoken = {
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

  /** Whether all of them are at both sides. */
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

  private say(ticket: Spoken, side: Side, words: string): void {
    ticket.said[side].push(words);
    if (side === 'customer') this.partners.customer.update(ticket.ids.customer, { comments: words });
    else this.partners.provider.note(ticket.ids.provider, words);
  }

  /** The same words once more, by the same person. */
  private repeat(ticket: Spoken, side: Side): void {
    const said = ticket.said[side];
    if (said.length) this.say(ticket, side, this.one(said));
  }

  /** All files of a ticket have one name, as screenshots do. */
  private attach(ticket: Spoken, side: Side): void {
    const content = `{{${ticket.mark}#${++this.count}}}`;
    ticket.files[side].push(content);
    this.partners[side].attach(ticket.ids[side], 'Bild (1) für Sie.txt', Buffer.from(content));
  }

  private change(ticket: Spoken): void {
    const { customer, provider } = this.partners;
    const values = this.fresh(ticket, [this.one(SHARED).name]);
    if (ticket.opener === 'customer') customer.update(ticket.ids.customer, Object.assign({}, ...values.map(({ row }) => row)));
    else provider.change(ticket.ids.provider, Object.fromEntries(values.map(({ attribute, value }) => [attribute, value])));
  }

  private fresh(ticket: Spoken, names: string[]) {
    return SHARED.filter(({ name }) => names.includes(name)).map((field) => {
      const long = `${this.phrase()} `.repeat(4).trim();
      const text = `${ticket.mark} ${++this.count} ${field.name === 'title' ? this.phrase().replaceAll(/\s+/g, ' ') : long}`;
      const value = field.fresh(this.random, field.name === 'title' ? Array.from(text).slice(0, 150).join('').trim() : text);
      ticket.values.set(field.name, [...(ticket.values.get(field.name) ?? []), value]);
      return { attribute: field.attribute, value, row: field.toIncident(value) };
    });
  }
}
