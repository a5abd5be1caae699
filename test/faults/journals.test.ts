import assert from 'node:assert/strict';
import { until } from '../live/node-red.js';
import { FaultRig, pause, print, seeded } from './fault-rig.js';
import { type Journals, LongJournals } from './long-journals.js';
import { SIDES } from './strange-load.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
/** Entries of the incident, notes of the ticket, and the most that the partners show in one answer. */
const RUNS: (Journals & { kills: number })[] = LONG
  ? [
      { entries: 1_000, notes: 1_000, page: 100, arrayMode: 'jsonPatch', kills: 6 },
      { entries: 3_000, notes: 100, page: 250, arrayMode: 'jsonPatch', kills: 6 },
      { entries: 100, notes: 3_000, page: 1_000, arrayMode: 'jsonPatch', kills: 4 },
      { entries: 1_000, notes: 300, page: 250, arrayMode: 'replace', kills: 4 },
    ]
  : [{ entries: 1_000, notes: 100, page: 250, arrayMode: 'jsonPatch', kills: 2 }];
/** Of the entries that were there before, so many of a hundred are comments, which are told; the others are internal. */
const TOLD = 10;
/** Requests of all kinds for one new comment, polls among them, and how often its journal may be read: more is a storm. */
const REQUESTS = 12;
const READINGS = 4;

describe('Tickets with long journals', () => {
  let rig: FaultRig | undefined;
  afterEach(() => rig?.stop());

  for (const run of RUNS)
    it(`each new comment arrives once (${run.entries} entries, ${run.notes} notes, ${run.page} in a page, lists by ${run.arrayMode})`, async () => {
      const { seed, random } = seeded();
      const { arrayMode, page, kills } = run;
      rig = await FaultRig.start(random, {
        arrayMode,
        partners: ({ customer, provider }) => {
          customer.pageLimit = provider.pageLimit = page;
          customer.shuffled = true;
        },
      });
      const { customer, provider } = rig.partners;
      const traffic = () => ({
        requests: customer.requests + provider.requests,
        writes: customer.written.length + provider.written.length,
        lists: customer.lists + provider.lists,
      });
      const journals = new LongJournals(rig.partners, random, seed, run);
      const begun = performance.now();
      const atFirst = traffic();
      journals.open(TOLD);
      await until('both tickets at the other side', () => journals.found());
      await rig.idle('the old journals to be told');
      const first = traffic();
      print('the journals that were there', {
        told: journals.told,
        seconds: ((performance.now() - begun) / 1_000).toFixed(1),
        writes: first.writes - atFirst.writes,
        requests: first.requests - atFirst.requests,
      });
      journals.judge();
      const asked = () => [customer, provider].map((one) => new Map(one.asked));
      const askedFirst = asked();

      let talking = true;
      const talk = (async () => {
        while (talking) {
          await pause(50 + random() * 200);
          journals.comment();
        }
      })();
      for (let kill = 0; kill < kills; kill++) {
        await pause(1_000 + random() * 2_500);
        await rig.kill();
        await pause(random() * 1_500);
        await rig.launch();
      }
      await pause(1_500);
      talking = false;
      await talk;
      const silent = performance.now();
      const aside = await rig.idle('all comments to be told');
      const last = traffic();
      const writes = last.writes - first.writes;
      const requests = last.requests - first.requests;
      await pause(3_000);
      const calm = traffic();
      const figures = {
        ...{ said: journals.said, kills, aside: aside.length, writes, requests },
        'seconds until all was told': ((performance.now() - silent) / 1_000).toFixed(1),
        'requests for each': (requests / journals.said).toFixed(1),
        ...journals.judge(),
        'writes when idle': calm.writes - last.writes,
        'requests when idle, in 3 s': calm.requests - last.requests,
        deliveries: JSON.stringify((await rig.counts()).deliveries),
      };
      print('what was said then', figures);
      for (const [index, kinds] of asked().entries()) {
        const more = [...kinds].map(([kind, times]) => [
          kind,
          ((times - (askedFirst[index]!.get(kind) ?? 0)) / journals.said).toFixed(1),
        ]);
        print(`asked of the ${SIDES[index]} for each`, Object.fromEntries(more));
      }
      assert.deepEqual(journals.wrong, [], `seed ${seed}\n${journals.wrong.join('\n')}`);
      assert.deepEqual(aside, []);
      assert.equal(calm.writes, last.writes, 'nothing is written when nobody says anything');
      // What was under way when Node-RED was killed may be written again only where it was not there.
      assert.ok(writes <= journals.said + kills * 8, `${writes} writes for ${journals.said} comments`);
      const most = REQUESTS + READINGS * Math.ceil(run.entries / page);
      assert.ok(requests <= journals.said * most, `${requests} requests for ${journals.said} comments`);
    });
});
