import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlowNode, freePort, type Live, startNodeRed, until } from '../live/node-red.js';
import type { StoreCounts } from '../live/rig.js';
import { randomFrom } from '../store/random.js';
import { Partners } from './partners.js';
import { Load } from './strange-load.js';
import { type Aside, judge, putAside } from './strange-oracle.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
const RUNS = [
  { arrayMode: 'jsonPatch', tickets: LONG ? 300 : 25, kills: LONG ? 32 : 6 },
  { arrayMode: 'replace', tickets: LONG ? 80 : 8, kills: LONG ? 10 : 2 },
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
        () => provider.hubCount === 1 && customer.lists > 3 && provider.lists > 1,
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
      for (let kill_ = 0; kill_ < kills; kill_++) {
        await pause(200 + random() * 4_000);
        await kill();
        await start();
      }
      await working;
      killing = false;
      await moods;
      partners.well();

      const counts = async () => ((await (await fetch(`${live!.url}/health`)).json()) as { stores: StoreCounts[] }).stores[0]!;
      const quiet = async (what: string) => {
        let before = '';
        let from = [0, 0];
        await until(what, async () => {
          const { messages, deliveries } = await counts();
          const underWay = messages.received! + deliveries.pending! + deliveries.sending! + deliveries.inDoubt!;
          const now = JSON.stringify([messages, deliveries, customer.written.length, provider.written.length]);
          if (underWay > 0 || customer.telling || provider.telling || now !== before) {
            before = now;
            from = [customer.lists, provider.lists];
            return false;
          }
          // Nothing came of several polls: nothing more will.
          return customer.lists > from[0]! + 12 && provider.lists > from[1]! + 3;
        }).catch(async (error: Error) => {
          throw new Error(`${error.message}\n${JSON.stringify(await counts())}\n${inWords(await putAside(live!.url))}`);
        });
      };
      await quiet('all that was said to be done');
      const first = await putAside(live!.url);
      load.lastWords();
      await quiet('the last words to be heard');

      const aside = await putAside(live!.url);
      const { faults, said, aside: lacking } = judge(partners, load.tickets, aside);
      const figures = {
        tickets: load.tickets.length,
        acts: load.acts,
        kills,
        strange: [customer, provider].flatMap(({ mood }) => [...mood.shown.values()]).reduce((a, b) => a + b, 0),
        kinds: new Set([customer, provider].flatMap(({ mood }) => [...mood.shown.keys()])).size,
        children: provider.children.size,
        ...faults,
        aside: aside.length,
        'aside before the last words': first.length,
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
      if (aside.length) console.log(inWords(aside));
      assert.deepEqual(said, [], `seed ${seed}\n${said.join('\n')}`);
      assert.ok(aside.length <= 2 + ((tickets + load.acts) * ASIDE) / 100, `${aside.length} are put aside`);
    });
});

function inWords(aside: Aside[]): string {
  const kinds = new Map<string, number>();
  for (const { part, state, reason } of aside) {
    const kind = `${part.split(':')[0]} ${state}: ${reason.slice(0, 260).replaceAll(/\s+/g, ' ')}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds]
    .slice(0, 40)
    .map(([kind, times]) => `      ${times} × ${kind}`)
    .join('\n');
}
