import assert from 'node:assert/strict';
import { EditedTicket } from './edited-ticket.js';
import { FaultRig, type ListMode, print, seeded } from './fault-rig.js';
import { summarise } from './operator.js';
import { SIDES } from './random-load.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
/** Whether both sides continue immediately, or after all edits and deletions are detected. */
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
 * Both sides edit and delete, then continue: `atOnce`, or after all changes are detected. A deletion is accepted only after half
 * a minute, so each ticket covers one case and all run in parallel.
 */
async function editAndDelete(rig: FaultRig, seed: number, atOnce: boolean) {
  const { customer, provider } = rig.partners;
  const names = [
    'edited',
    'ticketDeletedThere',
    'ticketDeletedHere',
    'commentDeletedHere',
    'commentDeletedThere',
    'fileDeletedHere',
    'fileDeletedThere',
  ] as const;
  const opened = names.map((name) => [name, new EditedTicket(rig, `E${seed} ${name}`)] as const);
  await Promise.all(opened.map(([, ticket]) => ticket.open()));
  const tickets = Object.fromEntries(opened) as Record<(typeof names)[number], EditedTicket>;
  await rig.idle('all changes to be transferred');
  const { status } = provider.tickets.get(tickets.ticketDeletedHere.id)!.value;
  const startedAt = performance.now();
  tickets.edited.edit();
  tickets.commentDeletedHere.deleteComment('customer');
  tickets.commentDeletedThere.deleteComment('provider');
  tickets.fileDeletedHere.deleteFile('customer');
  tickets.fileDeletedThere.deleteFile('provider');
  provider.deleteTicket(tickets.ticketDeletedThere.id);
  customer.deleteRecord(tickets.ticketDeletedHere.sysId);
  if (!atOnce) await rig.idle('all edits and deletions to be detected');
  const seen = performance.now();
  // Writing a whole list could restore deleted entries or remove existing ones.
  const active = [
    tickets.edited,
    tickets.commentDeletedHere,
    tickets.commentDeletedThere,
    tickets.fileDeletedHere,
    tickets.fileDeletedThere,
  ];
  for (const ticket of active)
    for (const side of SIDES) {
      ticket.comment(side, `${side} three`);
      ticket.attach(side, 'three');
    }
  tickets.ticketDeletedThere.comment('customer', LAST);
  tickets.ticketDeletedHere.comment('provider', LAST);
  const unsettled = await rig.idle('the later comments to be transferred');
  const seconds = [seen - startedAt, performance.now() - seen].map((ms) => (ms / 1_000).toFixed(1));
  return { ...tickets, active, status, unsettled, seconds };
}

describe('Comments and files that are edited or deleted at one side', () => {
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
    describe(`lists by ${arrayMode}, ${atOnce ? 'continued immediately' : 'continued later'}`, () => {
      it('an edit is sent once, as a comment', async () => {
        const { edited, unsettled, seconds } = await outcomes[index]!;
        const { comments, notes } = edited;
        print(arrayMode, { 'seconds until seen': seconds[0], 'seconds until sent': seconds[1], unsettled: unsettled.length });
        if (unsettled.length) console.log(summarise(unsettled));
        assert.equal(times(notes, 'customer one, corrected'), 1, notes.join(' | '));
        assert.equal(times(comments, 'provider one, corrected'), 1, comments.join(' | '));
        assert.equal(times(comments, 'customer one'), 1, comments.join(' | '));
        assert.equal(times(notes, 'provider one'), 1, notes.join(' | '));
      });

      it('a deletion is kept at its author, and the copy at the other side stays', async () => {
        const { commentDeletedHere, commentDeletedThere, fileDeletedHere, fileDeletedThere } = await outcomes[index]!;
        assert.equal(times(commentDeletedHere.comments, 'customer two'), 0, commentDeletedHere.comments.join(' | '));
        assert.equal(times(commentDeletedHere.notes, 'customer two'), 1, commentDeletedHere.notes.join(' | '));
        assert.equal(times(commentDeletedThere.notes, 'provider two'), 0, commentDeletedThere.notes.join(' | '));
        assert.equal(times(commentDeletedThere.comments, 'provider two'), 1, commentDeletedThere.comments.join(' | '));
        const all = SIDES.flatMap((side) => ['one', 'three', 'two'].map((word) => `${side} ${word}`));
        const without = (text: string) => all.filter((one) => one !== text);
        assert.deepEqual(fileDeletedHere.files, { customer: without('customer two'), provider: all });
        assert.deepEqual(fileDeletedThere.files, { customer: all, provider: without('provider two') });
      });

      it('later comments and files arrive once', async () => {
        const { active } = await outcomes[index]!;
        for (const { mark, comments, notes, files } of active)
          for (const list of [comments, notes, files.customer, files.provider])
            for (const text of ['customer three', 'provider three'])
              assert.equal(times(list, text), 1, `${mark}: ${text} in ${list.join(' | ')}`);
      });

      it('a deleted record is not created again, and the other side keeps its record', async () => {
        const { ticketDeletedThere, ticketDeletedHere, status } = await outcomes[index]!;
        const { customer, provider } = rigs[index]!.partners;
        assert.equal(customer.incidents.size, 6);
        assert.equal(provider.tickets.size, 6);
        assert.equal(customer.incidents.get(ticketDeletedThere.sysId)!.value.state, '1');
        assert.equal(provider.tickets.get(ticketDeletedHere.id)!.value.status, status);
      });

      it('only comments on a deleted record need an operator', async () => {
        const others = (await outcomes[index]!).unsettled.filter(({ text }) => !text.includes(LAST));
        assert.equal(others.length, 0, `\n${summarise(others)}`);
      });
    });
});
