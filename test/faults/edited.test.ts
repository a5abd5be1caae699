import assert from 'node:assert/strict';
import { EditedTicket } from './edited-ticket.js';
import { FaultRig, type ListMode, print, seeded } from './fault-rig.js';
import { SIDES } from './strange-load.js';
import { inWords } from './strange-operator.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
/** Whether they go on at once, or when all that was edited and deleted is seen. */
const RUNS: { arrayMode: ListMode; atOnce: boolean }[] = [
  { arrayMode: 'jsonPatch', atOnce: true },
  ...(LONG
    ? ([
        { arrayMode: 'jsonPatch', atOnce: false },
        { arrayMode: 'replace', atOnce: true },
        { arrayMode: 'replace', atOnce: false },
      ] as const)
    : []),
];
const LAST = 'is anybody there?';
const times = (list: string[], text: string) => list.filter((one) => one.includes(text)).length;
type Outcome = Awaited<ReturnType<typeof editAndDelete>>;

/**
 * Both sides edit and delete, then go on: `atOnce`, or when all was seen. That something is gone is believed only after half a minute: each ticket has
 * one thing to wait for, all at the same time.
 */
async function editAndDelete(rig: FaultRig, seed: number, atOnce: boolean) {
  const { customer, provider } = rig.partners;
  const names = ['edited', 'goneThere', 'goneHere', 'unsaidHere', 'unsaidThere', 'detachedHere', 'detachedThere'] as const;
  const opened = names.map((name) => [name, new EditedTicket(rig, `E${seed} ${name}`)] as const);
  await Promise.all(opened.map(([, ticket]) => ticket.open()));
  const tickets = Object.fromEntries(opened) as Record<(typeof names)[number], EditedTicket>;
  await rig.idle('all to be told');
  const { status } = provider.tickets.get(tickets.goneHere.id)!.value;
  const begun = performance.now();
  tickets.edited.edit();
  tickets.unsaidHere.deleteWords('customer');
  tickets.unsaidThere.deleteWords('provider');
  tickets.detachedHere.deleteFile('customer');
  tickets.detachedThere.deleteFile('provider');
  provider.deleteTicket(tickets.goneThere.id);
  customer.deleteRecord(tickets.goneHere.sysId);
  if (!atOnce) await rig.idle('what was edited and deleted to be seen');
  const seen = performance.now();
  // A list that is sent whole would bring back what is gone, or take away what is there.
  const going = [tickets.edited, tickets.unsaidHere, tickets.unsaidThere, tickets.detachedHere, tickets.detachedThere];
  for (const ticket of going)
    for (const side of SIDES) {
      ticket.say(side, `${side} three`);
      ticket.attach(side, 'three');
    }
  tickets.goneThere.say('customer', LAST);
  tickets.goneHere.say('provider', LAST);
  const aside = await rig.idle('what was said then to be told');
  const seconds = [seen - begun, performance.now() - seen].map((ms) => (ms / 1_000).toFixed(1));
  return { ...tickets, going, status, aside, seconds };
}

describe('What is edited or deleted at one side', () => {
  const rigs: FaultRig[] = [];
  const outcomes: Promise<Outcome>[] = [];
  before(async () => {
    const { seed, random } = seeded();
    for (const { arrayMode } of RUNS) rigs.push(await FaultRig.start(random, { arrayMode }));
    for (const [index, rig] of rigs.entries()) {
      const outcome = editAndDelete(rig, seed, RUNS[index]!.atOnce);
      outcome.catch(() => {});
      outcomes.push(outcome);
    }
  });
  after(() => Promise.all(rigs.map((rig) => rig.stop())));

  for (const [index, { arrayMode, atOnce }] of RUNS.entries())
    describe(`lists by ${arrayMode}, ${atOnce ? 'going on at once' : 'going on later'}`, () => {
      it('an edit is told once, as a comment', async () => {
        const { edited, aside, seconds } = await outcomes[index]!;
        const { comments, notes } = edited;
        print(arrayMode, { 'seconds until seen': seconds[0], 'seconds until told': seconds[1], aside: aside.length });
        if (aside.length) console.log(inWords(aside));
        assert.equal(times(notes, 'customer one, corrected'), 1, notes.join(' | '));
        assert.equal(times(comments, 'provider one, corrected'), 1, comments.join(' | '));
        assert.equal(times(comments, 'customer one'), 1, comments.join(' | '));
        assert.equal(times(notes, 'provider one'), 1, notes.join(' | '));
      });

      it('what was deleted stays so at its author, and as it is where it was told', async () => {
        const { unsaidHere, unsaidThere, detachedHere, detachedThere } = await outcomes[index]!;
        assert.equal(times(unsaidHere.comments, 'customer two'), 0, unsaidHere.comments.join(' | '));
        assert.equal(times(unsaidHere.notes, 'customer two'), 1, unsaidHere.notes.join(' | '));
        assert.equal(times(unsaidThere.notes, 'provider two'), 0, unsaidThere.notes.join(' | '));
        assert.equal(times(unsaidThere.comments, 'provider two'), 1, unsaidThere.comments.join(' | '));
        const all = SIDES.flatMap((side) => ['one', 'three', 'two'].map((word) => `${side} ${word}`));
        const without = (text: string) => all.filter((one) => one !== text);
        assert.deepEqual(detachedHere.files, { customer: without('customer two'), provider: all });
        assert.deepEqual(detachedThere.files, { customer: all, provider: without('provider two') });
      });

      it('what is said and attached afterwards arrives once', async () => {
        const { going } = await outcomes[index]!;
        for (const { mark, comments, notes, files } of going)
          for (const list of [comments, notes, files.customer, files.provider])
            for (const text of ['customer three', 'provider three'])
              assert.equal(times(list, text), 1, `${mark}: ${text} in ${list.join(' | ')}`);
      });

      it('a deleted record is not made again, the other one goes on', async () => {
        const { goneThere, goneHere, status } = await outcomes[index]!;
        const { customer, provider } = rigs[index]!.partners;
        assert.equal(customer.incidents.size, 6);
        assert.equal(provider.tickets.size, 6);
        assert.equal(customer.incidents.get(goneThere.sysId)!.value.state, '1');
        assert.equal(provider.tickets.get(goneHere.id)!.value.status, status);
      });

      it('nothing waits for a person but what was said of a deleted record', async () => {
        const others = (await outcomes[index]!).aside.filter(({ text }) => !text.includes(LAST));
        assert.equal(others.length, 0, `\n${inWords(others)}`);
      });
    });
});
