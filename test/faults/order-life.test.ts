import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { FAILURE_POLICIES, type FailurePolicy } from '../../src/store/store.js';
import { pause, print, seeded } from './fault-rig.js';
import { historyOf } from './order-history.js';
import { OrderLifeLoad } from './order-life-load.js';
import { judge } from './order-life-oracle.js';
import { OrderLifeRig } from './order-life-rig.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
const ORDERS = Number(process.env.ORDERS ?? (LONG ? 200 : 10));
const KILLS = Number(process.env.KILLS ?? (LONG ? 60 : 2));
const RULES = process.env.RULE ? [process.env.RULE as FailurePolicy] : FAILURE_POLICIES;
/** Milliseconds between two acts, at most. */
const PAUSE = 300;
/** How long Node-RED lives at most where it does not reach the point at which it is to be killed. Milliseconds. */
const LIFE = LONG ? 8_000 : 4_000;
/** After each, vendors end most of their orders: what ends at one of them may let another begin. */
const DAYS = LONG ? 3 : 2;
const POINTS = ['after-inbox', 'in-flow', 'after-outbox', 'before-send', 'after-send', 'after-link', 'after-plan'];

/** ORDERS, KILLS, RULE and SEED choose a run; HISTORY is a file that gets what happened to the orders that are not right. */
describe(`${ORDERS} orders that change while Node-RED is killed ${KILLS} times`, () => {
  for (const rule of RULES) {
    it(`are right at every party, item by item, where a leg that fails means: ${rule}`, async () => {
      const { seed, random } = seeded();
      const rig = await OrderLifeRig.start(random, rule);
      try {
        const load = new OrderLifeLoad(rig, random, seed);
        let isOn = true;
        const people = (async () => {
          while (isOn) {
            // Some orders are placed before each kill.
            const due = Math.ceil((ORDERS * (rig.kills + 1)) / KILLS);
            if (load.orders.length < Math.min(ORDERS, due) && random() < 0.3) load.place();
            else if (load.orders.length > 0) load.act();
            await pause(random() * PAUSE);
          }
        })();
        await killRepeatedly(rig, random);
        await rig.launch();
        while (load.orders.length < ORDERS) await pause(50);
        await pause(2_000);
        isOn = false;
        await people;
        load.calm();
        for (let day = 0; day < DAYS; day++) {
          await rig.idle();
          await rig.decide(random);
          for (const vendor of Object.values(rig.vendors)) vendor.finish();
        }
        await rig.idle();
        const { faults, said, stopped } = judge(rig, load.orders, rule, await rig.open());
        print(rule, { orders: load.orders.length, kills: rig.kills, acts: load.acts, stopped: stopped.length, ...faults });
        for (const line of stopped) console.log(`        stopped: ${line}`);
        if (process.env.HISTORY)
          for (const order of load.orders.filter(({ mark }) => said.some((one) => one.includes(`${mark} `))))
            appendFileSync(process.env.HISTORY, `${await historyOf(rig, order)}\n\n`);
        assert.ok(said.length === 0, said.join('\n'));
      } finally {
        await rig.stop();
      }
    });
  }
});

/** At a named point, or after some time; the next start comes a moment later. */
async function killRepeatedly(rig: OrderLifeRig, random: () => number): Promise<void> {
  await rig.kill();
  while (rig.kills < KILLS) {
    const point = POINTS[Math.floor(random() * POINTS.length)]!;
    const end = Date.now() + LIFE;
    const crash: [string, number] = random() < 0.5 ? [point, 1 + Math.floor(random() * 12)] : ['random', 500 + random() * 3_500];
    await rig.crashAt(crash, () => Date.now() > end);
    await pause(random() * 1_500);
  }
}
