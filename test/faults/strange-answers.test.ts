import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_RETRY } from '../../src/delivery/retry.js';
import { type FlowNode, freePort, type Live, startNodeRed, until } from '../live/node-red.js';
import type { StoreCounts } from '../live/rig.js';
import { PATIENCE } from '../patience.js';
import { randomFrom } from '../store/random.js';
import { Partners } from './partners.js';
import { Load } from './strange-load.js';
import { inWords, Operator, waitsForever } from './strange-operator.js';
import { judge } from './strange-oracle.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
const RUNS = [
  { arrayMode: 'jsonPatch', tickets: LONG ? 300 : 20, kills: LONG ? 32 : 4 },
  { arrayMode: 'replace', tickets: LONG ? 80 : 6, kills: LONG ? 10 : 2 },
] as const;
/** Of a hundred things said, so many may need a person when partners answer like that. */
const ASIDE = 10;

describe('Node-RED killed while its partners answer strangely', () => {
  let folder: string;
  let partners: Partners;
  let live: Live | undefined;
  let port: number;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-strange-'));
    port = await freePort();
  });
  afterEach(async () => {
    await live?.kill();
    await partners?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { arrayMode, tickets, kills } of RUNS)
    it(`loses, doubles and mixes up nothing of ${tickets} tickets (lists by ${arrayMode})`, async () => {
      const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
      console.log(`      seed ${seed}`);
      const random = randomFrom(seed);
      partners = await Partners.start(random);
      const { customer, provider } = partners;
      const example = JSON.parse(readFileSync('examples/1-trouble-ticket.json', 'utf8')) as FlowNode[];
      const flow = partners.flow(example, port, arrayMode);
      const output: string[] = [];
      const start = async () => {
        live = await startNodeRed({ folder, port, flow, env: partners.environment, editor: true, logLevel: 'warn' });
      };
      const kill = async () => {
        output.push(live!.output());
        await live!.kill();
      };
      await start();
      partners.callAt(port);
      await until(
        'the hub registration and the first polls',
        () => provider.hubCount === 1 && customer.lists > 5 && provider.lists > 1,
      );

      const load = new Load({ seed, random, partners, silentProvider: arrayMode === 'replace' });
      const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      let killing = true;
      const working = (async () => {
        const pace = (kills * 4_500) / tickets;
        while (load.tickets.length < tickets) {
          load.open();
          for (let left = pace * random() * 2; left > 0; ) {
            const short = 20 + random() * 150;
            await pause(short);
            left -= short;
            load.act();
          }
        }
      })();
      const moods = (async () => {
        while (killing) {
          customer.mood.change({ replica: true });
          provider.mood.change({ replica: arrayMode !== 'replace' });
          await pause(300 + random() * 2_000);
        }
      })();
      for (let killed = 0; killed < kills; killed++) {
        await pause(200 + random() * 4_000);
        await kill();
        await start();
      }
      await working;
      killing = false;
      await moods;
      partners.well();

      const operator = new Operator(() => live!.url);
      const counts = async () => ((await (await fetch(`${live!.url}/health`)).json()) as { stores: StoreCounts[] }).stores[0]!;
      const stuck: string[] = [];
      const quiet = async (what: string) => {
        let before = '';
        let from = [0, 0];
        const isQuiet = async () => {
          const { messages, deliveries } = await counts();
          const now = JSON.stringify([messages, deliveries, customer.written.length, provider.written.length]);
          if (customer.telling || provider.telling || now !== before) {
            before = now;
            from = [customer.lists, provider.lists];
            return false;
          }
          // Nothing came of several polls: nothing more will.
          if (customer.lists < from[0]! + 12 || provider.lists < from[1]! + 3) return false;
          from = [customer.lists, provider.lists];
          if (messages.received! + deliveries.pending! + deliveries.sending! + deliveries.inDoubt! === 0) return true;
          // What waits behind something that waits for a person does so for ever.
          return waitsForever(await operator.aside());
        };
        // What got many strange answers in a row is asked for again only after the longest wait.
        await until(what, isQuiet, PATIENCE + DEFAULT_RETRY.maxDelay).catch(async (error: Error) => {
          stuck.push(`${error.message}: ${JSON.stringify(await counts())}`);
        });
      };
      await quiet('all that was said to be done');
      const first = (await operator.aside()).filter(({ state }) => state !== 'waiting');
      provider.disown();
      await quiet('the copies to be matters of their own');
      let replays = 0;
      for (let again = 1; again > 0 && stuck.length === 0; replays += again) {
        again = await operator.replay();
        await quiet('what was replayed to be done');
      }
      if (stuck.length === 0) {
        load.lastWords();
        await quiet('the last words to be heard');
      }

      const aside = await operator.aside();
      const { faults, said, lost, aside: lacking } = judge(partners, load.tickets, aside, operator.replayed);
      said.push(...stuck);
      const figures = {
        tickets: load.tickets.length,
        acts: load.acts,
        kills,
        strange: [customer, provider].flatMap(({ mood }) => [...mood.shown.values()]).reduce((a, b) => a + b, 0),
        kinds: new Set([customer, provider].flatMap(({ mood }) => [...mood.shown.keys()])).size,
        children: provider.children.size,
        ...faults,
        stuck: stuck.length,
        'put aside': first.length,
        replays,
        'still aside': aside.length,
        'lacking but explained': lacking,
      };
      console.log(
        `      ${Object.entries(figures)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')}`,
      );
      output.push(live!.output());
      const strange = [...customer.unknown, ...provider.unknown];
      if (strange.length) console.log(`      not known to these partners: ${strange.join(', ')}`);
      if (first.length) console.log(`      put aside:\n${inWords(first)}`);
      if (aside.length) console.log(`      still aside:\n${inWords(aside)}`);
      for (const number of [...lost].slice(0, 4)) console.log(await operator.story(number));
      assert.deepEqual(said, [], `seed ${seed}\n${said.join('\n')}`);
      // A copy is a person's matter, however well a partner answers, and so is what it said it had done.
      const avoidable = first.filter(({ reason }) => !/^SWB_WRONG_ENTITY|does not show/.test(reason)).length;
      assert.ok(avoidable <= 2 + ((tickets + load.acts) * ASIDE) / 100, `${avoidable} were put aside for a person`);
    });
});
