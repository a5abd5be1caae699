import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessageList } from '../../nodes/sidebar/views.js';
import { preset } from '../../src/endpoints/registry.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { troubleTicketFlow } from './flows.js';
import { type DeployKind, deploy as deployTo, type FlowNode, freePort, type Live, startNodeRed, until } from './node-red.js';

/** Code of a function node: it keeps a message, or passes it on. */
const KEEP = `node.warn('keeps a message'); if (false) node.done();`;
const PASS = 'return msg;';

describe('messages in their flows', () => {
  let folder: string;
  let sandbox: Sandbox;
  let port: number;
  let live: Live;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-interrupted-'));
    sandbox = await startSandbox();
    port = await freePort();
    await start({});
    sandbox.servicenow.webhook = {
      url: `${live.url}/switchboard/customer`,
      secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET!,
      retries: 50,
    };
  });
  after(async () => {
    await live?.kill();
    await sandbox?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => sandbox.tmf('v4').faults.clear());

  async function start(settings: Record<string, unknown>): Promise<void> {
    const flow = troubleTicketFlow(sandbox, { version: 'v4', customer: 'webhook', provider: 'poll' }).map((node) => ({
      ...node,
      ...(node.id === 'sb1-corr-sn' && { wires: [['keeper'], ['keeper'], ['sb1-ignored']] }),
      ...(node.id === 'sb1-map-tmf' && { mapping: 'own-mapping' }),
    }));
    const keeper = { id: 'keeper', type: 'function', z: 'sb1-flow', x: 0, y: 0, func: KEEP, wires: [['sb1-map-tmf']] };
    const mapping = { id: 'own-mapping', type: 'switchboard-mapping', mapping: preset('tmf621', 'troubleTicket', 'v4') };
    live = await startNodeRed({
      folder,
      port,
      flow: [...flow, keeper, mapping],
      env: sandbox.environment,
      editor: true,
      logLevel: 'info',
      settings: { runtimeState: { enabled: true }, ...settings },
    });
  }

  const headers = { 'Content-Type': 'application/json', 'Node-RED-API-Version': 'v2' };
  const deploy = (kind: DeployKind, edit: (nodes: FlowNode[]) => FlowNode[]) => deployTo(live.url, kind, edit);
  const change = (id: string, changes: Record<string, unknown>) => (nodes: FlowNode[]) =>
    nodes.map((node) => (node.id === id ? { ...node, ...changes } : node));
  async function setState(state: 'start' | 'stop'): Promise<void> {
    const answer = await fetch(`${live.url}/flows/state`, { method: 'POST', headers, body: JSON.stringify({ state }) });
    assert.equal(answer.status, 200, await answer.text());
  }

  /** The customer opens an incident, and the function node keeps its message. */
  async function openKept(title: string): Promise<string> {
    await until('the flows', async () => (await fetch(`${live.url}/health`)).ok);
    await deploy('nodes', change('keeper', { func: `${KEEP} // ${title}` }));
    const kept = () => live.output().split('keeps a message').length;
    const before = kept();
    const { number } = sandbox.servicenow.create('incident', { short_description: title, impact: '2', urgency: '2' });
    await until('it to be in its flow', () => kept() > before);
    return number!;
  }
  const tickets = (title: string) =>
    sandbox
      .tmf('v4')
      .tickets()
      .filter(({ name }) => String(name).includes(title))
      .map(({ name }) => name);
  async function arrived(title: string): Promise<void> {
    await until('the ticket', () => tickets(title).length === 1).catch(async (error: Error) => {
      throw new Error(
        `${error.message}: ${title}\n${JSON.stringify(await (await fetch(`${live.url}/switchboard/messages`)).json())}`,
      );
    });
  }
  const messages = async (number: string) =>
    ((await (await fetch(`${live.url}/switchboard/messages?search=${number}`)).json()) as MessageList).messages;

  it('are translated with the mapping that a deploy has changed', async () => {
    await openKept('kept one');
    const mapping = preset('tmf621', 'troubleTicket', 'v4');
    const rules = mapping.rules.map((rule) =>
      rule.generic === 'title' ? { ...rule, expression: { out: '"changed: " & fields.title', in: rule.expression?.in } } : rule,
    );
    await deploy('nodes', (nodes) =>
      change('keeper', { func: PASS })(change('own-mapping', { mapping: { ...mapping, rules } })(nodes)),
    );
    await arrived('kept one');
    assert.deepEqual(tickets('kept one'), ['changed: kept one']);
    await deploy('nodes', change('own-mapping', { mapping }));
  });

  it('are unrouted where the out node was deleted, and can be replayed once there is one again', async () => {
    const number = await openKept('without out node');
    let out: FlowNode | undefined;
    await deploy('nodes', (nodes) => {
      out = nodes.find(({ id }) => id === 'sb1-tmf-out');
      return change('keeper', { func: PASS })(nodes).filter((node) => node !== out);
    });
    const message = await until('it to be unrouted', async () =>
      (await messages(number)).find(({ state }) => state === 'unrouted'),
    );
    assert.match(message.reason ?? '', /reached no out node/);
    await deploy('nodes', (nodes) => [...nodes, out!]);
    const answer = await fetch(`${live.url}/switchboard/messages/${message.id}/replay`, { method: 'POST', headers });
    assert.equal(answer.status, 200, await answer.text());
    await arrived('without out node');
  });

  it('have deliveries that are still sent after their out node was deleted', async () => {
    await deploy('nodes', change('keeper', { func: PASS }));
    sandbox.tmf('v4').faults.add({ method: 'POST', kind: 'status', status: 503 });
    const { number } = sandbox.servicenow.create('incident', { short_description: 'waiting', impact: '2', urgency: '2' });
    await until('the delivery', async () => (await messages(number!)).some(({ deliveries }) => deliveries.length > 0));
    let out: FlowNode | undefined;
    await deploy('nodes', (nodes) => {
      out = nodes.find(({ id }) => id === 'sb1-tmf-out');
      return nodes.filter((node) => node !== out);
    });
    sandbox.tmf('v4').faults.clear();
    await arrived('waiting');
    await deploy('nodes', (nodes) => [...nodes, out!]);
  });

  it('go on when the flows are started after they were stopped', async () => {
    await openKept('stopped');
    await setState('stop');
    await deploy('full', change('keeper', { func: PASS }));
    await setState('start');
    await arrived('stopped');
  });

  it('go on after a start with stopped flows, which says so', async () => {
    await openKept('stopped before the restart');
    await setState('stop');
    await live.stop();
    await start({});
    assert.match(live.output(), /The flows were stopped by a user/);
    await setState('start');
    await deploy('nodes', change('keeper', { func: PASS }));
    await arrived('stopped before the restart');
  });

  it('go on after a start in safe mode, once something is deployed', async () => {
    await openKept('safe');
    await live.kill();
    await start({ safeMode: true });
    assert.deepEqual(tickets('safe'), []);
    await deploy('full', change('keeper', { func: PASS }));
    await arrived('safe');
  });

  it('end in one ticket each', () => {
    const names = sandbox
      .tmf('v4')
      .tickets()
      .map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.equal(names.length, 6);
  });
});
