import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { type ChangeSource, FaultRig, pause, print, seeded } from './fault-rig.js';
import { judge } from './loss-oracle.js';
import { summarise } from './operator.js';
import type { Zone } from './partner-formats.js';
import { RandomLoad } from './random-load.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CLOCK = resolve('test/faults/clock.cjs');

interface Clocks {
  what: string;
  changesBy: ChangeSource;
  /** Milliseconds by which the partners' clocks are ahead. */
  customer?: number;
  provider?: number;
  zone?: Zone;
  /** Milliseconds by which the Date header of a gateway is ahead. */
  gateway?: number;
  /** Milliseconds by which our own clock is ahead, for each start. */
  ours?: number[];
  /** Our own clock is set after this many milliseconds while Node-RED runs. */
  setAfter?: number;
}

const SHORT_RUNS: Clocks[] = [
  {
    what: 'both five minutes ahead and behind, no zone',
    changesBy: 'polls',
    customer: 5 * MINUTE,
    provider: -5 * MINUTE,
    zone: { hours: -5, shown: false },
  },
  {
    what: 'three hours behind and ahead, a zone',
    changesBy: 'both',
    customer: -3 * HOUR,
    provider: 3 * HOUR,
    zone: { hours: 2, shown: true },
  },
  { what: 'our own clock is set back and ahead', changesBy: 'polls', ours: [0, -HOUR, HOUR] },
];
const LONG_RUNS: Clocks[] = [
  ...SHORT_RUNS,
  { what: 'no zone east, by events', changesBy: 'events', zone: { hours: 9, shown: false }, provider: 3 * HOUR },
  { what: 'no zone east, by polls', changesBy: 'polls', zone: { hours: 9, shown: false } },
  {
    what: 'a zone west, far behind',
    changesBy: 'polls',
    zone: { hours: -8, shown: true },
    provider: -3 * HOUR,
    customer: 3 * HOUR,
  },
  { what: 'a gateway whose clock is ahead', changesBy: 'polls', gateway: 20 * MINUTE },
  { what: 'a gateway whose clock is behind', changesBy: 'polls', gateway: -20 * MINUTE, customer: 5 * MINUTE },
  {
    what: 'our own clock is set, partners ahead',
    changesBy: 'both',
    ours: [HOUR, 0, -HOUR, 24 * HOUR, 0],
    customer: 5 * MINUTE,
    provider: -5 * MINUTE,
  },
  { what: 'our own clock is set back while it runs', changesBy: 'both', ours: [-HOUR, -HOUR], setAfter: 6_000 },
  { what: 'our own clock is set ahead while it runs', changesBy: 'polls', ours: [HOUR, HOUR], setAfter: 6_000 },
];
const TICKETS = LONG ? 30 : 8;

describe('Wrong clocks', () => {
  let rig: FaultRig | undefined;
  afterEach(() => rig?.stop());

  for (const clocks of LONG ? LONG_RUNS : SHORT_RUNS)
    it(`cause no loss, duplicates or wrong order: ${clocks.what} (changes by ${clocks.changesBy})`, async () => {
      const { seed, random } = seeded();
      const { changesBy, ours = [0, 0], setAfter = 0 } = clocks;
      const env = (ahead: number) => ({ CLOCK_AHEAD: String(ahead), CLOCK_AFTER: String(setAfter) });
      rig = await FaultRig.start(random, {
        changesBy,
        preload: CLOCK,
        env: env(ours[0]!),
        partners: ({ customer, provider }) => {
          customer.ahead = clocks.customer ?? 0;
          provider.ahead = clocks.provider ?? 0;
          provider.zone = clocks.zone;
          for (const one of [customer, provider]) if (clocks.gateway) one.gatewayAhead = one.ahead + clocks.gateway;
        },
      });
      const load = new RandomLoad({ seed, random, partners: rig.partners, silentProvider: false });
      const perStart = Math.ceil(TICKETS / ours.length);
      const work = async () => {
        for (let opened = 0; opened < perStart; opened++) {
          load.open();
          for (let act = 0; act < 6; act++) {
            await pause(20 + random() * 120);
            load.act();
          }
        }
      };
      for (const ahead of ours.slice(1)) {
        await work();
        await rig.kill();
        const away = work();
        if (random() < 0.5) await away;
        await rig.launch(env(ahead));
        await away;
      }
      await work();
      const unsettled = await rig.idle('all comments to be transferred');
      load.lastChanges();
      unsettled.push(...(await rig.idle('the last changes to be transferred')));
      const { faults, said } = judge(rig.partners, load.tickets, unsettled, new Set());
      print(clocks.what, {
        tickets: load.tickets.length,
        acts: load.acts,
        starts: ours.length,
        unsettled: unsettled.length,
        ...faults,
      });
      if (unsettled.length) console.log(summarise(unsettled));
      assert.deepEqual(said, [], `seed ${seed}\n${said.join('\n')}`);
      assert.equal(unsettled.length, 0, 'nothing needs an operator');
    });
});
