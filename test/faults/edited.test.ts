import assert from 'node:assert/strict';
import { EditedTicket } from './edited-ticket.js';
import { FaultRig, type ListMode, print, seeded } from './fault-rig.js';
import { inWords } from './strange-operator.js';

const MODES: ListMode[] = ['jsonPatch', 'replace'];
const LAST = 'is anybody there?';
const times = (list: string[], text: string) => list.filter((one) => one.includes(text)).length;
type Outcome = Awaited<ReturnType<typeof editAndDelete>>;

/** Both sides edit and delete, then go on. That something is gone is believed only after half a minute: each ticket has one thing to wait for, all at once. */
async function editAndDelete(rig: FaultRig, seed: number) {
  const { customer, provider } = rig.partners;
  const open = async (what: string) => {
    const ticket = new EditedTicket(rig, `E${seed} ${what}`);
    await ticket.open();
    return ticket;
  };
  const [edited, unsaid, detached, goneThere, goneHere] = await Promise.all([
    ...[open('edited'), open('words deleted'), open('files deleted'), open('deleted there'), open('deleted here')],
  ]);
  await rig.idle('all to be told');
  const { status } = provider.tickets.get(goneHere!.id)!.value;
  const begun = performance.now();
  edited!.edit();
  unsaid!.deleteWords();
  detached!.deleteFiles();
  provider.deleteTicket(goneThere!.id);
  customer.deleteRecord(goneHere!.sysId);
  await rig.idle('what was edited and deleted to be seen');
  const seen = performance.now();
  // A list that is sent whole would bring back what is gone, or take away what is there.
  for (const ticket of [edited!, unsaid!, detached!])
    for (const side of ['customer', 'provider'] as const) {
      ticket.say(side, `${side} three`);
      ticket.attach(side, 'three');
    }
  goneThere!.say('customer', LAST);
  goneHere!.say('provider', LAST);
  const aside = await rig.idle('what was said then to be told');
  const seconds = [seen - begun, performance.now() - seen].map((ms) => (ms / 1_000).toFixed(1));
  return {
    edited: edited!,
    unsaid: unsaid!,
    detached: detached!,
    goneThere: goneThere!,
    goneHere: goneHere!,
    status,
    aside,
    seconds,
  };
}

describe('What is edited or deleted at one side', () => {
  const rigs: FaultRig[] = [];
  const outcomes: Promise<Outcome>[] = [];
  before(async () => {
    const { seed, random } = seeded();
    for (const arrayMode of MODES) rigs.push(await FaultRig.start(random, { arrayMode }));
    for (const rig of rigs) {
      const outcome = editAndDelete(rig, seed);
      outcome.catch(() => {});
      outcomes.push(outcome);
    }
  });
  after(() => Promise.all(rigs.map((rig) => rig.stop())));

  for (const [index, arrayMode] of MODES.entries())
    describe(`lists by ${arrayMode}`, () => {
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
        const { unsaid, detached } = await outcomes[index]!;
        const { comments, notes } = unsaid;
        assert.equal(times(comments, 'customer two'), 0, comments.join(' | '));
        assert.equal(times(notes, 'provider two'), 0, notes.join(' | '));
        assert.equal(times(notes, 'customer two'), 1, notes.join(' | '));
        assert.equal(times(comments, 'provider two'), 1, comments.join(' | '));
        const others = ['customer one', 'customer three', 'provider one', 'provider three'];
        assert.deepEqual(detached.files, {
          customer: [...others, 'provider two'].sort(),
          provider: [...others, 'customer two'].sort(),
        });
      });

      it('what is said and attached afterwards arrives once', async () => {
        const { edited, unsaid, detached } = await outcomes[index]!;
        for (const { mark, comments, notes, files } of [edited, unsaid, detached])
          for (const list of [comments, notes, files.customer, files.provider])
            for (const text of ['customer three', 'provider three'])
              assert.equal(times(list, text), 1, `${mark}: ${text} in ${list.join(' | ')}`);
      });

      it('a deleted record is not made again, the other one goes on', async () => {
        const { goneThere, goneHere, status } = await outcomes[index]!;
        const { customer, provider } = rigs[index]!.partners;
        assert.equal(customer.incidents.size, 4);
        assert.equal(provider.tickets.size, 4);
        assert.equal(customer.incidents.get(goneThere.sysId)!.value.state, '1');
        assert.equal(provider.tickets.get(goneHere.id)!.value.status, status);
      });

      it('nothing waits for a person but what was said of a deleted record', async () => {
        const others = (await outcomes[index]!).aside.filter(({ text }) => !text.includes(LAST));
        assert.equal(others.length, 0, `\n${inWords(others)}`);
      });
    });
});
