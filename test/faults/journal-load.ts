import type { ListMode } from './fault-rig.js';
import type { Partners } from './partners.js';
import { SIDES, type Side } from './random-load.js';

export interface JournalOptions {
  entries: number;
  notes: number;
  page: number;
  arrayMode: ListMode;
}

interface Ticket {
  mark: string;
  ids: Record<Side, string>;
  said: Record<Side, string[]>;
}

/** Milliseconds between two existing journal entries: several per second. */
const INTERVAL = 300;

/** An incident and a ticket with long journals from before the start of Node-RED. */
export class JournalLoad {
  readonly wrong: string[] = [];
  private readonly tickets: Ticket[] = [];
  private count = 0;
  /** Number of existing comments, and of those added later. */
  existing = 0;
  said = 0;

  constructor(
    private readonly partners: Partners,
    private readonly random: () => number,
    private readonly seed: number,
    private readonly options: JournalOptions,
  ) {}

  /** `percent`: percentage of the existing entries of the incident that are comments; all notes of the ticket are public. */
  open(percent: number): void {
    const { customer, provider } = this.partners;
    const { entries, notes } = this.options;
    const [ours, theirs] = SIDES.map((side) => this.ticket(side));
    const now = Date.now();
    const { sys_id } = customer.create({ short_description: ours!.mark, description: ours!.mark });
    ours!.ids.customer = sys_id!;
    customer.addOldEntries(
      sys_id!,
      Array.from({ length: entries }, (_, i) => {
        const isComment = i % 100 < percent;
        const text = this.text(ours!);
        if (isComment) ours!.said.customer.push(text);
        return { column: isComment ? 'comments' : 'work_notes', text, at: now - (entries - i) * INTERVAL };
      }),
    );
    const note = Array.from({ length: notes }, (_, i) => {
      const text = this.text(theirs!);
      theirs!.said.provider.push(text);
      return { text, author: 'noc', date: new Date(now - (notes - i) * INTERVAL).toISOString() };
    });
    theirs!.ids.provider = provider.create({ name: theirs!.mark, description: theirs!.mark, severity: 'Minor', note }).id;
    this.existing = ours!.said.customer.length + theirs!.said.provider.length;
  }

  found(): boolean {
    const { customer, provider } = this.partners;
    for (const { ids, mark } of this.tickets) {
      ids.customer ||= [...customer.incidents.values()].find(({ value }) => value.description === mark)?.value.sys_id ?? '';
      ids.provider ||= [...provider.tickets.values()].find(({ value }) => value.description === mark)?.value.id ?? '';
    }
    return this.tickets.every(({ ids }) => ids.customer && ids.provider);
  }

  /** Adds a comment at one of the sides. */
  comment(): void {
    const { customer, provider } = this.partners;
    const ticket = this.tickets[Math.floor(this.random() * this.tickets.length)]!;
    const side: Side = this.random() < 0.5 ? 'customer' : 'provider';
    const text = this.text(ticket);
    ticket.said[side].push(text);
    this.said++;
    if (side === 'customer') customer.update(ticket.ids.customer, { comments: text });
    else provider.note(ticket.ids.provider, text);
  }

  /** Checks that each comment exists once at both sides, and counts the faults. */
  judge(): Record<'lost' | 'twice' | 'foreign', number> {
    const figures = { lost: 0, twice: 0, foreign: 0 };
    this.wrong.length = 0;
    for (const ticket of this.tickets) {
      const texts: Record<Side, string[]> = {
        customer: this.partners.customer.comments(ticket.ids.customer),
        provider: this.partners.provider.tickets.get(ticket.ids.provider)!.value.note.map(({ text }) => text),
      };
      for (const at of SIDES) {
        const times = new Map<string, number>();
        for (const text of texts[at]) {
          const key = /\[\[.*\]\]/.exec(text)?.[0] ?? text;
          times.set(key, (times.get(key) ?? 0) + 1);
        }
        for (const of of SIDES)
          for (const text of ticket.said[of]) {
            const found = times.get(text) ?? 0;
            if (found === 1) continue;
            figures[found ? 'twice' : 'lost']++;
            this.wrong.push(`${text} of the ${of} is ${found} times at the ${at}`);
          }
        if (at === 'customer') continue;
        for (const text of texts[at]) {
          if (SIDES.some((side) => ticket.said[side].some((one) => text.includes(one)))) continue;
          figures.foreign++;
          this.wrong.push(`${ticket.mark} has at the ${at}: ${text}`);
        }
      }
    }
    return figures;
  }

  private ticket(side: Side): Ticket {
    const ticket: Ticket = {
      mark: `J${this.seed}x${side}z`,
      ids: { customer: '', provider: '' },
      said: { customer: [], provider: [] },
    };
    this.tickets.push(ticket);
    return ticket;
  }

  private text({ mark }: Ticket): string {
    return `[[${mark}#${++this.count}]]`;
  }
}
