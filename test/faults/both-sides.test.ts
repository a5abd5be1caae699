import assert from 'node:assert/strict';
import { until } from '../live/node-red.js';
import { ClashOracle } from './clash-oracle.js';
import { type Clash, Clashes } from './clashes.js';
import { FaultRig, type ListMode, pause, print, seeded, type Told } from './fault-rig.js';
import { inWords } from './strange-operator.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
type Round = Clash & { kill?: 'within' | 'before' };
/** While it runs, while it is killed in the middle, while it is not there at all: also so far apart that the newer word stands. */
const SHORT_ROUNDS: Round[] = [{ within: 300 }, { within: 300, kill: 'within' }];
const LONG_ROUNDS: Round[] = [
  ...Array.from({ length: 6 }, () => SHORT_ROUNDS).flat(),
  { within: 300, kill: 'before' },
  { within: 12_000, after: 8_000, kill: 'before' },
  { within: 30, kill: 'within' },
  { within: 2_000 },
  { within: 12_000, after: 8_000 },
];
const RUNS: { told: Told; arrayMode: ListMode; extra?: Round[] }[] = [
  { told: 'events', arrayMode: 'jsonPatch', extra: [{ within: 9_000, after: 8_000, kill: 'before' }] },
  { told: 'polls', arrayMode: 'replace' },
  { told: 'both', arrayMode: 'replace' },
  ...(LONG
    ? ([
        { told: 'polls', arrayMode: 'jsonPatch' },
        { told: 'both', arrayMode: 'jsonPatch' },
        { told: 'events', arrayMode: 'replace' },
      ] as const)
    : []),
];
const TICKETS = LONG ? 24 : 10;
/** Requests that write, for each thing that people did: more is a storm. */
const WRITES = 6;

describe('Both sides change the same fields of the same tickets at the same moment', () => {
  let rig: FaultRig | undefined;
  afterEach(() => rig?.stop());

  for (const { told, arrayMode, extra = [] } of RUNS)
    it(`both are equal in the end (told by ${told}, lists by ${arrayMode})`, async () => {
      const { seed, random } = seeded();
      rig = await FaultRig.start(random, { told, arrayMode });
      const { partners } = rig;
      const { customer, provider } = partners;
      const clashes = new Clashes(partners, random, seed);
      const oracle = new ClashOracle(partners);
      clashes.open(TICKETS);
      await until('all tickets at the provider', () => clashes.found());
      await rig.idle('all to be opened');
      for (const side of [customer, provider]) side.latency = () => (5 + random() * 195) / 2;
      const writes = () => customer.written.length + provider.written.length;
      const before = writes();
      const aside = [];
      for (const round of LONG ? LONG_ROUNDS : [...SHORT_ROUNDS, ...extra]) {
        if (round.kill === 'before') await rig.kill();
        const changing = clashes.round(round);
        if (round.kill === 'within') {
          await pause(random() * 900);
          await rig.kill();
          await rig.launch();
        }
        await changing;
        if (round.kill === 'before') await rig.launch();
        aside.push(...(await rig.idle('both to be equal')));
        oracle.afterRound(clashes.pairs, round.kill !== undefined);
      }
      oracle.atEnd(clashes.pairs);
      const { figures, said } = oracle.verdict;
      const ratio = (writes() - before) / clashes.acts;
      print(`${told}, ${arrayMode}`, {
        tickets: TICKETS,
        acts: clashes.acts,
        kills: rig.kills,
        ...figures,
        'writes per act': ratio.toFixed(2),
        'left out by whole lists for a while': provider.destroyed.length,
        aside: aside.length,
      });
      if (aside.length) console.log(inWords(aside));
      assert.deepEqual(said, [], `seed ${seed}\n${said.join('\n')}`);
      assert.ok(ratio <= WRITES, `${ratio} writes for each thing that was done`);
      assert.equal(aside.length, 0, 'nothing waits for a person');
    });
});
