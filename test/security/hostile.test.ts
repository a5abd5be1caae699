import assert from 'node:assert/strict';
import { join } from 'node:path';
import { until } from '../live/node-red.js';
import { LiveRig } from '../live/rig.js';
import { Gateway } from './gateway.js';
import { GoodLoad } from './good-load.js';
import { FILES } from './hostile-answers.js';
import { HostilePartners, INTERNAL, InternalService, KINDS } from './hostile-partner.js';
import { LIMITS, LONG } from './limits.js';
import { checkLog, NO_DEBUG } from './log-lines.js';
import { filesBelow } from './marks.js';
import { Environment, providerNodes } from './planted-flow.js';
import { INSIDES } from './shot.js';
import { Watch } from './watch.js';

/** Kinds whose answers are strange, but no trouble. */
const HARMLESS = ['manyHeaders'];
const SICK = KINDS.filter((kind) => !HARMLESS.includes(kind));

interface Health {
  stores: { endpoints: { name: string; reason?: string }[]; intakeTroubles: { name: string; reason: string }[] }[];
}

describe('partners that answer in hostile ways', () => {
  let internal: InternalService;
  let hostile: HostilePartners;
  let files: Gateway;
  let rig: LiveRig;
  let watch: Watch;
  /** Kinds of files that were asked for, and those whose request is over. */
  const asked = new Set<string>();
  const ended = new Set<string>();
  let seen: { grew: number; held: number };
  /** Why each partner is not well, as health says it. */
  const reasons = new Map<string, string>();
  /** Addresses of the internal service, however they are written. */
  let addresses: Record<string, string>;
  before(async () => {
    internal = await InternalService.start();
    const { port } = internal;
    addresses = {
      plain: `${internal.url}/file`,
      name: `http://localhost:${port}/file`,
      decimal: `http://2130706433:${port}/file`,
      octal: `http://0177.0.0.1:${port}/file`,
      short: `http://127.1:${port}/file`,
      mapped: `http://[::ffff:127.0.0.1]:${port}/file`,
      unspecified: `http://0.0.0.0:${port}/file`,
    };
    hostile = await HostilePartners.start(internal);
    files = await Gateway.start('none', []);
    files.intercept = (req, res) => {
      const kind = /^\/files\/(\w+)/.exec(req.url ?? '')?.[1];
      if (!kind) return false;
      asked.add(kind);
      res.once('close', () => ended.add(kind));
      FILES[kind as keyof typeof FILES](req, res, internal.url);
      return true;
    };
    watch = new Watch();
    const env = new Environment();
    const nodes = [...hostile.nodes(env.refer('a-secret')), ...providerNodes(files, env, { timeout: '3' })];
    const process = { ...watch.process, env: { ...watch.process.env, ...env.values } };
    // Nothing is polled before the attack is watched.
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, NO_DEBUG, nodes, process);
    const load = new GoodLoad(rig);
    seen = await watch.during(() => load.beside('beside hostile partners', attacked));
    console.log(`      grew ${seen.grew} MB, held ${seen.held} ms`);
    load.check();
    await until('reasons', look, LIMITS.answer).catch(() => undefined);
  });
  after(async () => {
    await rig?.stop();
    await files?.close();
    await hostile?.close();
    await internal?.close();
    watch?.remove();
  });

  /** Files that the tickets of a provider refer to, by the title of the ticket. */
  const referred = () => [
    ...Object.entries(addresses).map(([kind, url]) => [`internal ${kind}`, url]),
    ...Object.keys(FILES).map((kind) => [`hostile ${kind}`, `${files.url}/files/${kind}`]),
  ];

  async function attacked(): Promise<void> {
    await until('the hub registration', () => files.desk.hubs().length === 1);
    for (const [title = '', url] of referred()) {
      const attachment = [{ id: `file-${title}`, name: `${title}.txt`, attachmentType: 'file', mimeType: 'text/plain', url }];
      const texts = { name: title, description: title, severity: 'Minor', ticketType: 'incident', status: 'acknowledged' };
      files.desk.create({ ...texts, attachment });
    }
    await until('every hostile partner to be asked', () =>
      KINDS.every((kind) => (hostile.asked.get(kind) ?? 0) >= (LONG ? 5 : 1)),
    );
    await until('the tickets with files', () => referred().every(([title]) => incident(title!)));
    await until('the hostile files to be asked for', () => asked.size === Object.keys(FILES).length);
    await until('a drip to be cut', () => hostile.longest.has('drip') && hostile.longest.has('tokenDrip'));
  }

  const incident = (title: string) =>
    rig.sandbox.servicenow.rows('incident').find(({ short_description: text }) => text === title);

  /** Whether all are reported. */
  async function look(): Promise<boolean> {
    const { stores } = await rig.get<Health>('/health');
    const { endpoints = [], intakeTroubles = [] } = stores[0]!;
    for (const { name, reason } of [...endpoints, ...intakeTroubles]) {
      const kind = reason && KINDS.find((one) => name.split(/\W+/).includes(one));
      if (kind) reasons.set(kind, reason);
    }
    return SICK.every((kind) => reasons.has(kind));
  }

  it('leave the process as small and as quick as it was', () => {
    assert.ok(seen.grew <= LIMITS.memory, `grew ${seen.grew} MB`);
    assert.ok(seen.held <= LIMITS.held, `held its event loop for ${seen.held} ms`);
  });

  for (const kind of SICK) {
    it(`are reported in words: ${kind}`, () => {
      const reason = reasons.get(kind) ?? assert.fail('nothing in health');
      assert.doesNotMatch(reason, INSIDES);
      assert.ok(reason.length < 2_000, `${reason.length} characters`);
    });
  }

  it('do not lead to a service that only this machine can reach', () => assert.deepEqual(internal.visits, []));

  it('are cut off after a while, even while they go on sending', () => {
    for (const kind of ['drip', 'endless', 'tokenDrip', 'tokenEndless']) {
      const took = hostile.longest.get(kind) ?? assert.fail(`${kind} was not cut off`);
      assert.ok(took <= LIMITS.answer, `${kind}: ${took} ms`);
    }
  });

  for (const kind of Object.keys(FILES)) {
    it(`do not get a file through: ${kind}`, () => {
      assert.ok(asked.has(kind));
      assert.deepEqual(rig.sandbox.servicenow.attachments(incident(`hostile ${kind}`)!.sys_id), []);
    });
    if (LONG)
      it(`do not keep a file on its way: ${kind}`, () => until(`the end of the ${kind}`, () => ended.has(kind), LIMITS.file));
  }

  it('leave nothing of what an internal service answered in tickets, files and log', () => {
    const { servicenow } = rig.sandbox;
    const got = servicenow
      .rows('sys_attachment')
      .filter(({ sys_id: id }) => servicenow.attachmentBytes(id)?.includes(INTERNAL))
      .map(({ file_name: name }) => name);
    assert.deepEqual(got, []);
    assert.ok(!JSON.stringify(servicenow.rows('incident')).includes(INTERNAL));
    assert.ok(!rig.live.output().includes(INTERNAL), 'in the log');
    const kept = filesBelow(join(rig.folder, 'user')).filter(([, content]) => content.includes(INTERNAL));
    assert.deepEqual(
      kept.map(([path]) => path.slice(rig.folder.length)),
      [],
    );
  });

  it('leave no control characters and no raw errors in the log', () => checkLog(rig.live.output()));
});
