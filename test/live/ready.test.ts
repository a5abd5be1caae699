import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndpointView } from '../../nodes/sidebar/views.js';
import type { PartnerReport } from '../../src/health/partners.js';
import type { Readiness } from '../../src/health/readiness.js';
import { startSandbox } from '../../src/sandbox/sandbox.js';
import { type FlowOptions, troubleTicketFlow } from './flows.js';
import { type FlowNode, freePort, type Live, startNodeRed, until } from './node-red.js';
import { LiveRig } from './rig.js';

const WAY: FlowOptions = { version: 'v4', customer: 'webhook', provider: 'hub' };

/** The answer of a health check, once no node has settings that are still being checked. */
async function check(url: string): Promise<[status: number, body: Readiness]> {
  for (;;) {
    const answer = await fetch(url);
    const body = (await answer.json()) as Readiness;
    if (!body.reasons?.some(({ text }) => text.includes('being checked'))) return [answer.status, body];
    assert.equal(answer.status, 503);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const partner = ({ partners }: Readiness, id: string) => partners.find((one) => one.id === id) as PartnerReport;

describe('GET /health/ready', () => {
  describe('with flows that are configured', () => {
    let rig: LiveRig;
    before(async () => {
      const stuck: FlowNode[] = [
        {
          id: 'stuck',
          type: 'function',
          z: 'sb1-flow',
          name: 'stuck',
          x: 0,
          y: 0,
          func: "if (msg.payload.fields.title !== 'stuck') { node.send(msg); node.done(); }",
          wires: [['sb1-corr-sn']],
        },
      ];
      rig = await LiveRig.start(WAY, { 'sb1-tmf': { retryDelay: '0.05' } }, stuck);
    });
    after(() => rig?.stop());
    const ready = () => check(`${rig.live.url}/health/ready`);

    it('answers 200, with its partners; so does /health/live', async () => {
      const [status, body] = await until('the registration to be reported', async () => {
        const [code, found] = await ready();
        return partner(found, 'sb1-tmf')?.receiving[0]?.hub?.registered === true && ([code, found] as const);
      });
      assert.equal(status, 200);
      assert.deepEqual([body.status, body.reasons], ['ready', []]);
      assert.deepEqual(
        body.partners.map(({ id, state, waiting }) => [id, state, waiting]),
        [
          ['sb1-sn', 'up', 0],
          ['sb1-tmf', 'up', 0],
        ],
      );
      const [live, { status: word }] = await check(`${rig.live.url}/health/live`);
      assert.deepEqual([live, word], [200, 'live']);
    });

    it('is served by the editor’s Node-RED too', async () => {
      const [status, body] = await check(`${rig.live.url}/switchboard/health/ready`);
      assert.deepEqual([status, body.status], [200, 'ready']);
      assert.equal((await fetch(`${rig.live.url}/switchboard/health`)).status, 200);
    });

    it('reports a partner that is down, since when and why, and stays ready; both are logged once', async () => {
      const provider = rig.sandbox.tmf('v4');
      const before = new Date().toISOString();
      provider.faults.add({ path: '/troubleTicket/v4/troubleTicket', kind: 'status', status: 503 });
      for (let i = 0; i < 8; i++) rig.open(`down ${i}`);
      const [status, body] = await until('the partner to be down', async () => {
        const [code, found] = await ready();
        return partner(found, 'sb1-tmf').downSince !== undefined && ([code, found] as const);
      });
      assert.deepEqual([status, body.reasons], [200, []]);
      const { downSince, lastError, oldestWaiting, waiting } = partner(body, 'sb1-tmf');
      assert.ok(downSince! >= before && lastError!.at >= before && oldestWaiting! >= before, JSON.stringify(body.partners));
      assert.match(lastError!.message, /503/);
      assert.ok(waiting > 0);
      const view = (await rig.get<EndpointView[]>('/switchboard/endpoints')).find(({ id }) => id === 'sb1-tmf')!;
      assert.equal(view.downSince, downSince);
      assert.match(view.lastError!.message, /503/);

      provider.faults.clear();
      await until('it to be back', async () => {
        const [, found] = await ready();
        return !partner(found, 'sb1-tmf').downSince && partner(found, 'sb1-tmf').waiting === 0;
      });
      const lines = (pattern: RegExp) => [...rig.live.output().matchAll(pattern)].length;
      assert.equal(lines(/\[warn\].* is unavailable, deliveries to it wait: .*503/g), 1);
      assert.equal(lines(/\[info\].* is available again/g), 1);
    });

    it('reports a poll that fails, with the node, and when it is well again', async () => {
      await rig.deploy((flows) =>
        flows.map((node) =>
          node.id === 'sb1-sn-in' ? { ...node, name: 'customer’s incidents', poll: true, pollInterval: '0.1' } : node,
        ),
      );
      const receiving = async () => partner((await ready())[1], 'sb1-sn').receiving[0]!;
      await until('a poll', async () => (await receiving()).poll?.last);
      rig.sandbox.servicenow.faults.add({ method: 'GET', kind: 'status', status: 503 });
      const failing = await until('the trouble', async () => {
        const found = await receiving();
        return found.troubles.some(({ part }) => part === 'poll') && found;
      });
      assert.equal(failing.name, 'customer’s incidents');
      assert.equal(failing.poll!.interval, 0.1);
      assert.equal((await ready())[0], 200);
      rig.sandbox.servicenow.faults.clear();
      await until('all to be well', async () => (await receiving()).troubles.length === 0);
      await until('the log line', () => /Polling works again/.test(rig.live.output()));
    });

    it('reports messages that stay in their flow, with their in node and age', async () => {
      // No polls, which would report the ticket, and others, once more.
      const changes: Record<string, object> = { 'sb1-norm-sn': { wires: [['stuck']] }, 'sb1-sn-in': { poll: false } };
      await rig.deploy((flows) => flows.map((node) => ({ ...node, ...changes[node.id] })));
      const before = new Date().toISOString();
      const incident = rig.open('stuck');
      const held = await until('the node that holds it', async () => {
        const wait = (await rig.message(String(incident.number)))?.wait;
        return wait?.kind === 'flow' && wait.node !== undefined && wait;
      });
      assert.equal(held.node, 'stuck');
      assert.ok(held.since >= before);
      const [status, { inFlow }] = await until('the messages of earlier polls to have passed', async () => {
        const [code, found] = await ready();
        return found.inFlow.every(({ count }) => count === 1) && ([code, found] as const);
      });
      assert.equal(status, 200);
      assert.deepEqual(
        inFlow.map(({ node, name, count }) => [node, name, count]),
        [['sb1-sn-in', 'customer’s incidents', 1]],
      );
      assert.ok(inFlow[0]!.oldest >= before);
    });
  });

  const MISTAKES: [what: string, node: string, change: Record<string, unknown>, reason: RegExp, also: string[]][] = [
    [
      'the secret of a webhook is missing',
      'sb1-sn-in',
      { credentials: {} },
      /: "Secret" is missing\. Set "Secret" in the node’s settings/,
      [],
    ],
    [
      'the variable of a secret is not set',
      'sb1-sn-in',
      { credentials: { secret: `\${SWB_T_NOT_SET}` } },
      /The environment variable SWB_T_NOT_SET is not set/,
      [],
    ],
    [
      'the variable of a password is not set',
      'sb1-sn',
      { credentials: { user: `\${SANDBOX_SERVICENOW_USER}`, password: `\${SWB_T_NOT_SET}` } },
      /The environment variable SWB_T_NOT_SET is not set/,
      ['sb1-map-sn', 'sb1-sn-in', 'sb1-sn-out'],
    ],
    ['a setting is invalid', 'sb1-tmf-in', { pollInterval: 'soon' }, /"soon" is not a number/, []],
    ['a switch is a variable that is not set', 'sb1-sn-in', { poll: `\${SWB_T_NOT_SET}` }, /SWB_T_NOT_SET is not set/, []],
    ['a condition is invalid', 'sb1-sn-in', { newOnly: 'category =' }, /New records only if: .*"category =" is invalid/, []],
    [
      'no request can have the path of a webhook',
      'sb1-sn-in',
      { path: '../x y?z' },
      /: No request can have the path .* Set "Path" /,
      [],
    ],
    ['no header can have the name', 'sb1-sn-in', { webhookHeader: 'bad header!' }, /: No header can .* Set "Header" to /, []],
    ['a map node has no endpoint', 'sb1-map-tmf', { endpoint: '' }, /The node has no endpoint/, []],
    ['a mapping does not exist', 'sb1-norm-sn', { mapping: 'nowhere' }, /mapping does not exist/, []],
    ['the store has no path', 'sb1-store', { path: `\${SWB_T_NOT_SET}` }, /SWB_T_NOT_SET is not set/, []],
  ];
  for (const [what, id, change, reason, also] of MISTAKES)
    it(`answers 503 when ${what}, and names the node, until that is corrected by a deploy`, async () => {
      const rig = await LiveRig.start({ ...WAY, provider: 'poll' }, { [id]: change });
      try {
        const url = `${rig.live.url}/health/ready`;
        const [status, body] = await check(url);
        assert.equal(status, 503);
        const nodes = body.reasons.filter(({ kind }) => kind === 'node');
        assert.deepEqual(nodes.map(({ node }) => node).sort(), [id, ...also].sort(), JSON.stringify(body.reasons));
        const found = nodes.find(({ node }) => node === id)!;
        assert.match(found.text, reason);
        assert.ok(found.name && found.since);
        assert.equal((await fetch(`${rig.live.url}/health/live`)).status, 200);
        const used = [id, ...also];
        await rig.replaceFlows((flows) => flows.filter((node) => !used.includes(node.id)));
        await until('the trouble to be over', async () => {
          const [, { reasons }] = await check(url);
          return reasons.every(({ node }) => !used.includes(node ?? ''));
        });
      } finally {
        await rig.stop();
      }
    });

  describe('of a process of its own', () => {
    let folder: string;
    let live: Live | undefined;
    let sandbox: Awaited<ReturnType<typeof startSandbox>>;
    beforeEach(async () => {
      sandbox = await startSandbox();
      folder = mkdtempSync(join(tmpdir(), 'switchboard-ready-'));
    });
    afterEach(async () => {
      await live?.kill();
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('notices a full disk before any message comes, and that there is space again', async () => {
      const full = join(folder, 'full');
      live = await startNodeRed({
        folder,
        port: await freePort(),
        flow: troubleTicketFlow(sandbox, { ...WAY, customer: 'webhook', provider: 'hub' }),
        env: { ...sandbox.environment, FULL_DISK: full },
        preload: './test/live/full-disk.cjs',
      });
      const url = `${live.url}/health/ready`;
      await until('it to be ready', async () => (await check(url))[0] === 200);
      writeFileSync(full, '');
      const { reasons } = await until('it to be noticed', async () => {
        const [status, body] = await check(url);
        return status === 503 && body;
      });
      assert.deepEqual(
        reasons.map(({ kind }) => kind),
        ['store'],
      );
      assert.match(reasons[0]!.text, /ENOSPC/);
      unlinkSync(full);
      await until('it to be ready again', async () => (await check(url))[0] === 200);
    });

    it('names the nodes that Node-RED did not start', async () => {
      // Without a place on its tab, a node with wires counts as a config node, and these use each other.
      const circle = { type: 'function', z: 'sb1-flow', func: '' };
      live = await startNodeRed({
        folder,
        flow: [
          ...troubleTicketFlow(sandbox, WAY),
          { ...circle, id: 'one', wires: [['two']], other: 'two' },
          { ...circle, id: 'two', wires: [['one']], other: 'one' },
        ],
        env: sandbox.environment,
      });
      const [status, { reasons }] = await check(`${live.url}/health/ready`);
      assert.equal(status, 503);
      assert.ok(
        reasons.some(({ node, text }) => node === 'sb1-sn-in' && /was not started/.test(text)),
        JSON.stringify(reasons),
      );
    });

    it('says that the flows cannot start', async () => {
      live = await startNodeRed({
        folder,
        flow: [...troubleTicketFlow(sandbox, WAY), { id: 'x', type: 'nonesuch', z: 'sb1-flow', wires: [] }],
        env: sandbox.environment,
        editor: true,
      });
      const [status, { reasons }] = await check(`${live.url}/health/ready`);
      assert.equal(status, 503);
      assert.match(reasons.map(({ text }) => text).join(), /The flows cannot start: missing-types, nonesuch/);
    });
  });
});
