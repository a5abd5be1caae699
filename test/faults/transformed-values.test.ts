import assert from 'node:assert/strict';
import { until } from '../live/node-red.js';
import { FaultRig, type ListMode, pause, print, seeded } from './fault-rig.js';
import { summarise } from './operator.js';
import { combine, TRANSFORMATIONS, type TransformationName } from './transformations.js';
import { TransformedLoad } from './transformed-load.js';
import { judgeTransformed } from './transformed-oracle.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';

interface Run {
  customer: TransformationName[];
  provider: TransformationName[];
  arrayMode: ListMode;
}

const SHORT_RUNS: Run[] = [
  { customer: ['? for emoji', 'renamed files'], provider: ['cut at 100', 'renamed files'], arrayMode: 'jsonPatch' },
  {
    customer: ['HTML in notes', 'LF, NFC, trimmed'],
    provider: ['CRLF, NFD, trimmed', 'prefix, wrapped, no ids'],
    arrayMode: 'jsonPatch',
  },
  {
    customer: ['states of its own at create', 'prefix, wrapped'],
    provider: ['states of its own at create', 'ids are places'],
    arrayMode: 'replace',
  },
];
const LONG_RUNS: Run[] = [
  ...SHORT_RUNS,
  ...(Object.keys(TRANSFORMATIONS) as TransformationName[]).map(
    (name): Run => ({ customer: [name], provider: [name], arrayMode: 'jsonPatch' }),
  ),
  { customer: ['as it is'], provider: ['prefix, wrapped, no ids'], arrayMode: 'replace' },
  { customer: ['as it is'], provider: ['escaped notes', 'ids are places'], arrayMode: 'replace' },
];
const TICKETS = LONG ? 10 : 4;
const ACTS = LONG ? 120 : 30;
/** Share of writes whose answer is lost. */
const LOST = 0.2;

describe('Partners that transform written values', () => {
  let rig: FaultRig | undefined;
  afterEach(() => rig?.stop());

  for (const { customer: ours, provider: theirs, arrayMode } of LONG ? LONG_RUNS : SHORT_RUNS)
    it(`cause no echo and no loss: ${ours.join(' and ')}; ${theirs.join(' and ')} (lists by ${arrayMode})`, async () => {
      const { seed, random } = seeded();
      rig = await FaultRig.start(random, {
        arrayMode,
        nodes: { 'sb1-sn': { settling: '2' }, 'sb1-tmf': { settling: '2' } },
        partners: ({ customer, provider }) => {
          customer.transformation = combine(...ours);
          provider.transformation = combine(...theirs);
        },
      });
      const { partners } = rig;
      const { customer, provider } = partners;
      const load = new TransformedLoad(partners, random, seed);
      for (let i = 0; i < TICKETS; i++) load.open(i % 2 ? 'provider' : 'customer');
      await until('all tickets at both sides', () => load.found());
      await rig.idle('all tickets to be opened');
      for (const { behaviours } of [customer, provider]) {
        behaviours.set('change', ['cut, done', 'cut, not done', '500, done'], LOST);
        behaviours.set('create', ['cut, done', 'cut, not done'], LOST);
      }
      const kills = LONG ? 4 : 1;
      for (let kill = 0; kill < kills; kill++) {
        let acts = Math.round(ACTS / kills);
        const half = acts * random();
        const work = async () => {
          for (; acts > 0; acts--) {
            await pause(30 + random() * 150);
            load.act();
          }
        };
        const working = work();
        while (acts > half) await pause(20);
        await rig.kill();
        await rig.launch();
        await working;
      }
      partners.reset();
      const unsettled = await rig.idle('all changes to be transferred');
      const { figures, said } = judgeTransformed(partners, load.tickets);
      const lost = [...customer.behaviours.applied, ...provider.behaviours.applied].reduce((sum, [, times]) => sum + times, 0);
      print(`${ours}; ${theirs}`, {
        tickets: TICKETS,
        acts: load.acts,
        kills,
        'lost answers': lost,
        unsettled: unsettled.length,
        ...figures,
      });
      if (unsettled.length) console.log(summarise(unsettled));
      assert.deepEqual(said, [], `seed ${seed}\n${said.join('\n')}`);
    });
});
