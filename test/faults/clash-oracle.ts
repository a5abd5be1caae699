import { ofTicket, SHARED } from './clash-fields.js';
import type { Pair, Word } from './clashes.js';
import { historyOf, storyOf } from './field-story.js';
import type { Partners } from './partners.js';
import { SIDES, type Side } from './strange-load.js';

/** Within this the owner's word stands, beyond it the newer one; not judged so much before and after it. Milliseconds. */
const MOMENT = 5_000;
const MARGIN = 1_500;
/** Where the broker was killed, it may not have had the answer to what it wrote less than this before. Milliseconds. */
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
  /** What is wrong, in words. */
  said: string[];
}

const idsOf = ({ sysId, ticketId }: Pair): Record<Side, string> => ({ customer: sysId, provider: ticketId });

export class ClashOracle {
  readonly verdict: Verdict = {
    figures: Object.fromEntries([...FIGURES, 'answered', 'overturned'].map((name) => [name, 0])) as Record<Figure, number>,
    said: [],
  };

  constructor(private readonly partners: Partners) {}

  private add(figure: Figure, what?: string): void {
    this.verdict.figures[figure]++;
    if (what) this.verdict.said.push(`${figure}: ${what}`);
  }

  /** When all is idle after a round: both sides are equal; which of the words stands? `killed`: the broker was, within the round. */
  afterRound(pairs: Pair[], killed: boolean): void {
    for (const pair of pairs) {
      const row = this.partners.customer.incidents.get(pair.sysId)!.value;
      const ticket = this.partners.provider.tickets.get(pair.ticketId)!.value;
      for (const field of SHARED) {
        const words = pair.rounds.at(-1)!.filter((word) => word.field === field);
        const [here, there] = [field.ofIncident(row), ofTicket(field, ticket)];
        if (here !== there) {
          const story = storyOf(this.partners, idsOf(pair), field, words[0]?.at);
          this.add('different', `${pair.mark} ${field.name}: the customer has ${here}, ${pair.ticketId} has ${there}\n${story}`);
        } else if (words.length) this.winner(pair, words, here, killed);
      }
    }
  }

  private winner(pair: Pair, words: Word[], value: string, killed: boolean): void {
    const [ours, theirs] = SIDES.map((side) => words.filter((word) => word.side === side).at(-1)!);
    if (!ours || !theirs || ours.value === theirs.value) return;
    const [earlier, later] = ours.at < theirs.at ? [ours, theirs] : [theirs, ours];
    if (this.knew(pair, earlier, later, killed)) {
      this.add('answered');
      if (value !== later.value) {
        const what = `${pair.mark} ${later.field.name}: ${value} stands\n${storyOf(this.partners, idsOf(pair), later.field, words[0]!.at)}`;
        this.add('overturned', what);
      }
      return;
    }
    this.add('conflicts');
    const apart = later.at - earlier.at;
    const owner = later.field.owner === ours.side ? ours : theirs;
    const rule = apart < MOMENT ? owner : later;
    if (Math.abs(apart - MOMENT) < MARGIN || value === rule.value) this.add('by rule');
    else if (value === later.value) this.add('by the later');
    else this.add(value === earlier.value ? 'against' : 'neither');
  }

  /** Whether the earlier word was at the later one's side before that was said. */
  private knew(pair: Pair, earlier: Word, later: Word, killed: boolean): boolean {
    const { field, side } = later;
    const columns = side === 'customer' ? field.columns : [field.attribute];
    const values: Record<string, unknown> = { ...field.toIncident(earlier.value), [field.attribute]: earlier.value };
    const shown: Record<string, unknown> = {};
    const history = historyOf(this.partners, idsOf(pair), field, side);
    return history.some(({ by, at, field: column, value }, i) => {
      shown[column] = value;
      // One write may be of several columns.
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

  /** At the end: every comment is there once at both sides, and nothing that nobody said. */
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
            // Written between the last read and a whole list: nobody could know of it.
            if (times === 0 && provider.isUnshown(text)) this.add('not known');
            else if (times !== 1)
              this.add(times ? 'twice' : 'lost', `${pair.mark}: ${text} of the ${of} is ${times} times at the ${at}`);
          }
      for (const at of SIDES)
        for (const text of texts[at])
          if (!text.includes(pair.mark)) this.add('unasked', `${pair.mark} has at the ${at}: ${text}`);
    }
  }
}
