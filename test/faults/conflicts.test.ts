import assert from 'node:assert/strict';
import { until } from '../live/node-red.js';
import { ConflictLoad, type ConflictTiming } from './conflict-load.js';
import { ConflictOracle } from './conflict-oracle.js';
import { type ChangeSource, FaultRig, type ListMode, pause, print, seeded } from './fault-rig.js';
import { summarise } from './operator.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
type Round = ConflictTiming & { kill?: 'within' | 'before' };
/** Rounds with Node-RED running, killed in the middle, or stopped; some with changes so far apart that the newer one wins. */
const SHORT_ROUNDS: Round[] = [{ within: 300 }, { within: 300, kill: 'within' }];
const LONG_ROUNDS: Round[] = [
  ...Array.from({ length: 6 }, () => SHORT_ROUNDS).flat(),
  { within: 300, kill: 'before' },
  { within: 12_000, after: 8_000, kill: 'before' },
  { within: 30, kill: 'within' },
  { within: 2_000 },
  { within: 12_000, after: 8_000 },
];
const RUNS: { changesBy: ChangeSource; arrayMode: ListMode; extra?: Round[] }[] = [
  { changesBy: 'events', arrayMode: 'jsonPatch', extra: [{ within: 9_000, after: 8_000, kill: 'before' }] },
  { changesBy: 'polls', arrayMode: 'replace' },
  { changesBy: 'both', arrayMode: 'replace' },
  ...(LONG
    ? ([
        { changesBy: 'polls', arrayMode: 'jsonPatch' },
        { changesBy: 'both', arrayMode: 'jsonPatch' },
        { changesBy: 'events', arrayMode: 'replace' },
      ] as const)
    : []),
];
const TICKETS = LONG ? 24 : 10;
/** Maximum number of write requests per user action; more would be an update storm. */
const MAX_WRITES = 6;

describe('Simultaneous changes of the same fields at both sides', () => {
  let rig: FaultRig | undefined;
  afterEach(() => rig?.stop());

  for (const { changesBy, arrayMode, extra = [] } of RUNS)
    it(`leave both sides equal (changes by ${changesBy}, lists by ${arrayMode})`, async () => {
      const { seed, random } = seeded();
      rig = await FaultRig.start(random, { changesBy, arrayMode });
      const { partners } = rig;
      const { customer, provider } = partners;
      const load = new ConflictLoad(partners, random, seed);
      const oracle = new ConflictOracle(partners);
      load.open(TICKETS);
      await until('all tickets at the provider', () => load.found());
      await rig.idle('all tickets to be opened');
      for (const side of [customer, provider]) side.latency = () => (5 + random() * 195) / 2;
      const writes = () => customer.written.length + provider.written.length;
      const before = writes();
      const unsettled = [];
      for (const round of LONG ? LONG_ROUNDS : [...SHORT_ROUNDS, ...extra]) {
        if (round.kill === 'before') await rig.kill();
        const changing = load.round(round);
        if (round.kill === 'within') {
          await pause(random() * 900);
          await rig.kill();
          await rig.launch();
        }
        await changing;
        if (round.kill === 'before') await rig.launch();
        unsettled.push(...(await rig.idle('both to be equal')));
        oracle.afterRound(load.pairs, round.kill !== undefined);
      }
      oracle.atEnd(load.pairs);
      const { figures, said } = oracle.verdict;
      const ratio = (writes() - before) / load.acts;
      print(`${changesBy}, ${arrayMode}`, {
        tickets: TICKETS,
        acts: load.acts,
        kills: rig.kills,
        ...figures,
        'writes per act': ratio.toFixed(2),
        'temporarily dropped by whole lists': provider.destroyed.length,
        unsettled: unsettled.length,
      });
      if (unsettled.length) console.log(summarise(unsettled));
      assert.deepEqual(said, [], `seed ${seed}\n${said.join('\n')}`);
      assert.ok(ratio <= MAX_WRITES, `${ratio} writes per action`);
      assert.equal(unsettled.length, 0, 'nothing needs an operator');
    });
});
