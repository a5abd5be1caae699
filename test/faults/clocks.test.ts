import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { FaultRig, pause, print, seeded, type Told } from './fault-rig.js';
import type { Zone } from './habits.js';
import { Load } from './strange-load.js';
import { inWords } from './strange-operator.js';
import { judge } from './strange-oracle.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CLOCK = resolve('test/faults/clock.cjs');

interface Clocks {
  what: string;
  told: Told;
  /** How far ahead the clocks of the partners are, milliseconds. */
  customer?: number;
  provider?: number;
  zone?: Zone;
  /** How far ahead the header Date of both is, where a gateway writes it. */
  gateway?: number;
  /** How far ahead our own clock is, from one start to the next. */
  ours?: number[];
  /** Our own clock is set while Node-RED runs, after so many milliseconds. */
  setAfter?: number;
}

const SHORT_RUNS: Clocks[] = [
  {
    what: 'both five minutes ahead and behind, no zone',
    told: 'polls',
    customer: 5 * MINUTE,
    provider: -5 * MINUTE,
    zone: { hours: -5, shown: false },
  },
  {
    what: 'three hours behind and ahead, a zone',
    told: 'both',
    customer: -3 * HOUR,
    provider: 3 * HOUR,
    zone: { hours: 2, shown: true },
  },
  { what: 'our own clock is set back and ahead', told: 'polls', ours: [0, -HOUR, HOUR] },
];
const LONG_RUNS: Clocks[] = [
  ...SHORT_RUNS,
  { what: 'no zone east, by events', told: 'events', zone: { hours: 9, shown: false }, provider: 3 * HOUR },
  { what: 'no zone east, by polls', told: 'polls', zone: { hours: 9, shown: false } },
  { what: 'a zone west, far behind', told: 'polls', zone: { hours: -8, shown: true }, provider: -3 * HOUR, customer: 3 * HOUR },
  { what: 'a gateway whose clock is ahead', told: 'polls', gateway: 20 * MINUTE },
  { what: 'a gateway whose clock is behind', told: 'polls', gateway: -20 * MINUTE, customer: 5 * MINUTE },
  {
    what: 'our own clock is set, partners ahead',
    told: 'both',
    ours: [HOUR, 0, -HOUR, 24 * HOUR, 0],
    customer: 5 * MINUTE,
    provider: -5 * MINUTE,
  },
  { what: 'our own clock is set back while it runs', told: 'both', ours: [-HOUR, -HOUR], setAfter: 6_000 },
  { what: 'our own clock is set ahead while it runs', told: 'polls', ours: [HOUR, HOUR], setAfter: 6_000 },
];
const TICKETS = LONG ? 30 : 8;

describe('Clocks that are wrong', () => {
  let rig: FaultRig | undefined;
  afterEach(() => rig?.stop());

  for (const clocks of LONG ? LONG_RUNS : SHORT_RUNS)
    it(`nothing is lost, doubled or out of order: ${clocks.what} (told by ${clocks.told})`, async () => {
      const { seed, random } = seeded();
      const { told, ours = [0, 0], setAfter = 0 } = clocks;
      const env = (ahead: number) => ({ CLOCK_AHEAD: String(ahead), CLOCK_AFTER: String(setAfter) });
      rig = await FaultRig.start(random, {
        told,
        preload: CLOCK,
        env: env(ours[0]!),
        partners: ({ customer, provider }) => {
          customer.ahead = clocks.customer ?? 0;
          provider.ahead = clocks.provider ?? 0;
          provider.zone = clocks.zone;
          for (const one of [customer, provider]) if (clocks.gateway) one.gatewayAhead = one.ahead + clocks.gateway;
        },
      });
      const load = new Load({ seed, random, partners: rig.partners, silentProvider: false });
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
      const aside = await rig.idle('all that was said to be told');
      load.lastWords();
      aside.push(...(await rig.idle('the last words to be told')));
      const { faults, said } = judge(rig.partners, load.tickets, aside, new Set());
      print(clocks.what, { tickets: load.tickets.length, acts: load.acts, starts: ours.length, aside: aside.length, ...faults });
      if (aside.length) console.log(inWords(aside));
      assert.deepEqual(said, [], `seed ${seed}\n${said.join('\n')}`);
      assert.equal(aside.length, 0, 'nothing waits for a person');
    });
});
