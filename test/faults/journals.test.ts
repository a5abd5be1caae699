import assert from 'node:assert/strict';
import { until } from '../live/node-red.js';
import { FaultRig, pause, print, seeded } from './fault-rig.js';
import { JournalLoad, type JournalOptions } from './journal-load.js';
import { SIDES } from './random-load.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
/** Number of incident entries and ticket notes, and the maximum page size of the partners. */
const RUNS: (JournalOptions & { kills: number })[] = LONG
  ? [
      { entries: 1_000, notes: 1_000, page: 100, arrayMode: 'jsonPatch', kills: 6 },
      { entries: 3_000, notes: 100, page: 250, arrayMode: 'jsonPatch', kills: 6 },
      { entries: 100, notes: 3_000, page: 1_000, arrayMode: 'jsonPatch', kills: 4 },
      { entries: 1_000, notes: 300, page: 250, arrayMode: 'replace', kills: 4 },
    ]
  : [{ entries: 500, notes: 100, page: 125, arrayMode: 'jsonPatch', kills: 2 }];
/** Percentage of the old entries that are comments; the others are internal work notes. */
const COMMENT_PERCENT = 10;
/** Maximum number of requests per new comment, including polls, and of journal reads; more would be a request storm. */
const REQUESTS = 12;
const READS = 4;

describe('Tickets with long journals', () => {
  let rig: FaultRig | undefined;
  afterEach(() => rig?.stop());

  for (const run of RUNS)
    it(`each new comment arrives once (${run.entries} entries, ${run.notes} notes, ${run.page} per page, lists by ${run.arrayMode})`, async () => {
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
      const journals = new JournalLoad(rig.partners, random, seed, run);
      const startedAt = performance.now();
      const atFirst = traffic();
      journals.open(COMMENT_PERCENT);
      await until('both tickets to exist at both sides', () => journals.found());
      await rig.idle('the old journals to be transferred');
      const first = traffic();
      print('existing journals', {
        existing: journals.existing,
        seconds: ((performance.now() - startedAt) / 1_000).toFixed(1),
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
      const silentSince = performance.now();
      const unsettled = await rig.idle('all comments to be transferred');
      const last = traffic();
      const writes = last.writes - first.writes;
      const requests = last.requests - first.requests;
      await pause(3_000);
      const idleTraffic = traffic();
      const figures = {
        ...{ said: journals.said, kills, unsettled: unsettled.length, writes, requests },
        'seconds until all was transferred': ((performance.now() - silentSince) / 1_000).toFixed(1),
        'requests per comment': (requests / journals.said).toFixed(1),
        ...journals.judge(),
        'writes when idle': idleTraffic.writes - last.writes,
        'requests when idle, in 3 s': idleTraffic.requests - last.requests,
        deliveries: JSON.stringify((await rig.counts()).deliveries),
      };
      print('new comments', figures);
      for (const [index, kinds] of asked().entries()) {
        const more = [...kinds].map(([kind, times]) => [
          kind,
          ((times - (askedFirst[index]!.get(kind) ?? 0)) / journals.said).toFixed(1),
        ]);
        print(`requests to the ${SIDES[index]} per comment`, Object.fromEntries(more));
      }
      assert.deepEqual(journals.wrong, [], `seed ${seed}\n${journals.wrong.join('\n')}`);
      assert.deepEqual(unsettled, []);
      assert.equal(idleTraffic.writes, last.writes, 'nothing is written without new comments');
      // Each kill may cause only a few repeated writes.
      assert.ok(writes <= journals.said + kills * 8, `${writes} writes for ${journals.said} comments`);
      const most = REQUESTS + READS * Math.ceil(run.entries / page);
      assert.ok(requests <= journals.said * most, `${requests} requests for ${journals.said} comments`);
    });
});
