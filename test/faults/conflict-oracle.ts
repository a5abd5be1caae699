import { ofTicket, SHARED } from './conflict-fields.js';
import type { FieldWrite, Pair } from './conflict-load.js';
import { describeHistory, historyOf } from './field-history.js';
import type { Partners } from './partners.js';
import { SIDES, type Side } from './random-load.js';

/** Within this interval the owner's change wins, beyond it the newer one; within the margin either is accepted. Milliseconds. */
const CONFLICT_WINDOW = 5_000;
const MARGIN = 1_500;
/** A killed broker may have missed the answers to writes within this time before. Milliseconds. */
const UNANSWERED = 1_000;

const FIGURES = [
  'different',
  'lost',
  'not known',
  'twice',
  'unasked',
  'conflicts',
  'by rule',
  'by the later',
  'against',
  'neither',
] as const;
type Figure = (typeof FIGURES)[number] | 'answered' | 'overturned';

export interface Verdict {
  figures: Record<Figure, number>;
  /** Descriptions of all faults. */
  said: string[];
}

const idsOf = ({ sysId, ticketId }: Pair): Record<Side, string> => ({ customer: sysId, provider: ticketId });

export class ConflictOracle {
  readonly verdict: Verdict = {
    figures: Object.fromEntries([...FIGURES, 'answered', 'overturned'].map((name) => [name, 0])) as Record<Figure, number>,
    said: [],
  };

  constructor(private readonly partners: Partners) {}

  private add(figure: Figure, what?: string): void {
    this.verdict.figures[figure]++;
    if (what) this.verdict.said.push(`${figure}: ${what}`);
  }

  /**
   * After a round, when all is idle: checks that both sides are equal and which change won. `killed`: the broker was killed
   * within the round.
   */
  afterRound(pairs: Pair[], killed: boolean): void {
    for (const pair of pairs) {
      const row = this.partners.customer.incidents.get(pair.sysId)!.value;
      const ticket = this.partners.provider.tickets.get(pair.ticketId)!.value;
      for (const field of SHARED) {
        const writes = pair.rounds.at(-1)!.filter((write) => write.field === field);
        const [here, there] = [field.ofIncident(row), ofTicket(field, ticket)];
        if (here !== there) {
          const story = describeHistory(this.partners, idsOf(pair), field, writes[0]?.at);
          this.add('different', `${pair.mark} ${field.name}: the customer has ${here}, ${pair.ticketId} has ${there}\n${story}`);
        } else if (writes.length) this.winner(pair, writes, here, killed);
      }
    }
  }

  private winner(pair: Pair, writes: FieldWrite[], value: string, killed: boolean): void {
    const [ours, theirs] = SIDES.map((side) => writes.filter((write) => write.side === side).at(-1)!);
    if (!ours || !theirs || ours.value === theirs.value) return;
    const [earlier, later] = ours.at < theirs.at ? [ours, theirs] : [theirs, ours];
    if (this.hadReached(pair, earlier, later, killed)) {
      this.add('answered');
      if (value !== later.value) {
        const what = `${pair.mark} ${later.field.name}: ${value} won\n${describeHistory(this.partners, idsOf(pair), later.field, writes[0]!.at)}`;
        this.add('overturned', what);
      }
      return;
    }
    this.add('conflicts');
    const apart = later.at - earlier.at;
    const owner = later.field.owner === ours.side ? ours : theirs;
    const rule = apart < CONFLICT_WINDOW ? owner : later;
    if (Math.abs(apart - CONFLICT_WINDOW) < MARGIN || value === rule.value) this.add('by rule');
    else if (value === later.value) this.add('by the later');
    else this.add(value === earlier.value ? 'against' : 'neither');
  }

  /** Whether the earlier change had reached the other side before the later one was made there. */
  private hadReached(pair: Pair, earlier: FieldWrite, later: FieldWrite, killed: boolean): boolean {
    const { field, side } = later;
    const columns = side === 'customer' ? field.columns : [field.attribute];
    const values: Record<string, unknown> = { ...field.toIncident(earlier.value), [field.attribute]: earlier.value };
    const shown: Record<string, unknown> = {};
    const history = historyOf(this.partners, idsOf(pair), field, side);
    return history.some(({ by, at, field: column, value }, i) => {
      shown[column] = value;
      // One write may change several columns.
      const isWhole = history[i + 1]?.at !== at;
      return (
        isWhole &&
        by === 'broker' &&
        at > earlier.at &&
        at + (killed ? UNANSWERED : 0) < later.at &&
        columns.every((name) => (shown[name] ?? '') === (values[name] ?? ''))
      );
    });
  }

  /** At the end: checks that every comment exists once at both sides, and that there are no others. */
  atEnd(pairs: Pair[]): void {
    const { customer, provider } = this.partners;
    for (const pair of pairs) {
      const texts: Record<Side, string[]> = {
        customer: customer.comments(pair.sysId),
        provider: provider.tickets.get(pair.ticketId)!.value.note.map(({ text }) => text),
      };
      for (const of of SIDES)
        for (const text of pair.said[of])
          for (const at of SIDES) {
            const times = texts[at].filter((one) => one.includes(text)).length;
            // Written between the last read and the write of a whole list: the broker could not know about it.
            if (times === 0 && provider.wasNeverShown(text)) this.add('not known');
            else if (times !== 1)
              this.add(times ? 'twice' : 'lost', `${pair.mark}: ${text} of the ${of} is ${times} times at the ${at}`);
          }
      for (const at of SIDES)
        for (const text of texts[at])
          if (!text.includes(pair.mark)) this.add('unasked', `${pair.mark} has at the ${at}: ${text}`);
    }
  }
}
