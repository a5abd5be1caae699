import assert from 'node:assert/strict';
import { rawRequest } from '../http/raw-request.js';
import { listRoutes } from '../live/admin-routes.js';
import { LiveRig } from '../live/rig.js';
import { attack } from './attacker.js';
import type { Plan, Report } from './attacks.js';
import { GoodLoad, median, p99 } from './good-load.js';
import { LIMITS, LONG } from './limits.js';
import { checkLog, NO_DEBUG } from './log-lines.js';
import { adminSurfaces, partnerSurfaces, type Surface } from './surfaces.js';
import { Watch } from './watch.js';

const ROUNDS = 5;

describe('Node-RED, attacked at every way in', () => {
  let rig: LiveRig;
  let watch: Watch;
  let load: GoodLoad;
  let partners: Surface[];
  let admin: Surface[];
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  before(async () => {
    console.log(`      seed ${seed}`);
    watch = new Watch();
    const process = { ...watch.process, prepare: listRoutes };
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, NO_DEBUG, [], process);
    load = new GoodLoad(rig);
    await load.beside('warming up', async () => undefined, { least: 20 });
    partners = partnerSurfaces(rig);
    admin = await adminSurfaces(rig.live.url);
  });
  after(async () => {
    await rig?.stop();
    watch?.remove();
  });

  const strangers = () => partners.filter(({ name }) => name.includes('wrong secret'));

  /** The attack, watched, with good messages beside it; and what it left in the log. */
  async function attacked(name: string, plan: Pick<Plan, 'attack' | 'surfaces'>) {
    const from = rig.live.output().length;
    const { result, grew, held } = await watch.during(() =>
      load.beside(name, () => attack({ ...plan, url: rig.live.url, seed })),
    );
    const { result: report, took } = result;
    const figures = `${report.sent} sent; grew ${grew} MB, held ${held} ms, p99 of good messages ${Math.round(p99(took))} ms`;
    console.log(`      ${name}: ${figures}; ${JSON.stringify(report.answers)}`);
    return { report, grew, held, log: rig.live.output().slice(from) };
  }

  /** What every attack has to leave as it was. */
  async function unharmed({ report, grew, held, log }: { report: Report; grew: number; held: number; log: string }) {
    assert.deepEqual(report.faults.slice(0, 20), [], `${report.faults.length} faults of seed ${seed}`);
    assert.ok(grew <= LIMITS.memory, `grew ${grew} MB`);
    assert.ok(held <= LIMITS.held, `held its event loop for ${held} ms`);
    checkLog(log);
    await rig.quiet();
    load.check();
  }

  it('answers the corpus where partners and load balancers call', async () =>
    unharmed(await attacked('corpus', { attack: 'corpus', surfaces: partners })));

  it('answers the corpus at every admin route', async () =>
    unharmed(await attacked('admin routes', { attack: LONG ? 'corpus' : 'sample', surfaces: admin })));

  it('answers random changes of valid bodies', async () => {
    await unharmed(await attacked('mutations', { attack: 'mutations', surfaces: partners }));
    if (LONG) await unharmed(await attacked('mutations, admin', { attack: 'mutations', surfaces: admin }));
  });

  it('unpacks no bomb', async () =>
    unharmed(await attacked('bombs', { attack: 'bombs', surfaces: partners.filter(({ body }) => body) })));

  it('reads no body without an end', async () =>
    unharmed(await attacked('endless', { attack: 'endless', surfaces: partners.filter(({ body }) => body) })));

  it('keeps no bodies of hundreds of strangers', async () =>
    unharmed(await attacked('crowd', { attack: 'crowd', surfaces: strangers() })));

  it('accepts good messages beside thousands of wrong secrets, and says so in few lines', async () => {
    const seen = await attacked('guesses', { attack: 'guesses', surfaces: strangers() });
    await unharmed(seen);
    const { 401: refused = 0, 429: limited = 0 } = seen.report.answers;
    assert.equal(refused + limited, seen.report.sent);
    // The customer’s own requests come from the same address, and it does not try twice.
    const { path, headers, body } = partners[0]!;
    assert.equal((await rawRequest(rig.live.url + path, 'POST', headers, body)).status, 202);
    // Beside those about the good messages.
    const about = seen.log.split('\n').filter((line) => /reject|refus|secret/i.test(line));
    assert.ok(about.length <= LIMITS.lines, `${about.length} lines, such as ${about[0]}`);
  });

  it('refuses a wrong secret before the body is there', async () => {
    for (const surface of strangers()) {
      const head = { ...surface, body: '' };
      const { answers } = await attack({ attack: 'headOnly', url: rig.live.url, surfaces: [head], seed });
      // Or it comes from a source that has guessed too often.
      assert.match(Object.keys(answers).join(), /^(401|429)$/, surface.name);
    }
  });

  // A ratio needs many messages.
  if (LONG)
    it('does not make good messages twice as slow', async () => {
      const ratios: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const lasts = 8_000;
        const calm = await load.beside(`calm ${round}`, () => new Promise((done) => setTimeout(done, lasts)));
        const siege: Plan = { attack: 'siege', url: rig.live.url, surfaces: [...strangers(), ...admin], seed, lasts };
        const hard = await load.beside(`siege ${round}`, () => attack(siege));
        ratios.push((p99(hard.took) - LIMITS.slower.noise) / p99(calm.took));
        console.log(`      round ${round}: p99 ${Math.round(p99(calm.took))} → ${Math.round(p99(hard.took))} ms`);
      }
      assert.ok(median(ratios) < LIMITS.slower.ratio, ratios.map((ratio) => ratio.toFixed(1)).join(', '));
      await rig.quiet();
      load.check();
    });
});
