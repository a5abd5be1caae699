import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node } from 'node-red';
import type { EndpointNode } from '../../nodes/kit/parties.js';
import { until } from '../live/node-red.js';
import { nodeSets, testHelper } from './node-helper.js';

const helper = testHelper();
const SETS = nodeSets('switchboard-store', 'servicenow-endpoint', 'servicenow-in', 'tmf-endpoint', 'fan-out', 'roll-up', 'route');

describe('a setting with a fixed list of values', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-choices-'));
  before((done) => {
    helper.startServer(done);
  });
  after((done) => {
    helper.stopServer(() => {
      rmSync(folder, { recursive: true, force: true });
      done();
    });
  });
  afterEach(() => helper.unload());

  const endpoint = { store: 'id-store', baseUrl: 'http://127.0.0.1:9', auth: 'none' };
  const load = (node: object, settings: object) => {
    const flow = [
      { id: 'id-tab', type: 'tab' },
      { id: 'id-store', type: 'switchboard-store', name: 'store', path: join(folder, `s${Math.random()}`) },
      { id: 'id-sn', type: 'switchboard-servicenow-endpoint', name: 'Acme', ...endpoint },
      { id: 'id-tmf', type: 'switchboard-tmf-endpoint', name: 'North', ...endpoint },
      { z: 'id-tab', id: 'n', name: 'mine', wires: [], ...node, ...settings },
    ];
    return new Promise<void>((done) => helper.load(SETS, flow, { n: { secret: 's3cret-of-hook' } }, () => done()));
  };
  const reported = async () => {
    const { status, error } = helper.getNode('n') as Node & Record<'status' | 'error', { args: unknown[][] }>;
    await until('a status', () => status.args.length > 0 || undefined);
    return error.args.map(([text]) => String(text));
  };

  const hook = { type: 'switchboard-servicenow-in', endpoint: 'id-sn', webhook: true, path: 'hook' };
  const fanOut = { type: 'switchboard-fan-out', legs: [{ name: 'sim', takes: [{ field: 'category', is: ['sim'] }] }] };
  const rollUp = (rule: object) => ({ rules: [{ when: 'all', of: ['closed'], gives: 'closed', ...rule }] });
  const condition = (operator: string) => ({
    rules: [{ from: '', when: [{ field: 'severity', operator, value: 'critical' }], to: ['id-tmf'] }],
  });
  const route = { type: 'switchboard-route', parties: ['id-tmf'] };
  const NODES: [node: object, settings: object, message: RegExp][] = [
    [
      hook,
      { webhookAuth: 'hmacTimestamp' },
      /mine: "hmacTimestamp" is not .* webhookAuth\. Use one of header, basic, hmac, timed/,
    ],
    [fanOut, { by: 'party' }, /mine: "party" is not .* by\. Use one of item, target/],
    [fanOut, { onFailure: 'cancel' }, /mine: "cancel" is not .* onFailure\. Use one of keep, cancelRest, ask/],
    [{ type: 'switchboard-roll-up' }, rollUp({ when: 'every' }), /mine, rule 1: "every" is not .* when\. Use one of all, any/],
    [{ type: 'switchboard-roll-up' }, rollUp({ of: ['done'] }), /mine, rule 1: "done" is not .* of\. Use one of .*completed/],
    [{ type: 'switchboard-roll-up' }, rollUp({ gives: 'done' }), /mine, rule 1: "done" is not .* gives\. Use one of/],
    [route, { matches: 'firsts' }, /mine: "firsts" is not .* matches\. Use one of first, all/],
    [route, condition('equals'), /mine: A condition of rule 1 has an unknown operator\. Use one of is, isNot/],
  ];
  for (const [node, settings, message] of NODES)
    it(`is reported where ${JSON.stringify(settings)} has another one`, async () => {
      await load(node, settings);
      const [text = ''] = await reported();
      assert.match(text, message);
    });

  for (const [node, settings] of [
    [{ type: 'switchboard-roll-up' }, {}],
    [route, { matches: '' }],
    [route, condition('isNot')],
  ])
    it(`has its default, or the value, in ${JSON.stringify({ ...node, ...settings })}`, async () => {
      await load(node!, settings!);
      const { error } = helper.getNode('n') as Node & { error: { args: unknown[][] } };
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.deepEqual(error.args, []);
    });

  const ENDPOINTS: [settings: object, message: RegExp][] = [
    [{ side: 'vendor' }, /mine: "vendor" is not .* side\. Use one of customer, provider/],
    [{ edits: 'copy' }, /mine: "copy" is not .* edits\. Use one of nothing, note, same/],
    [{ deletions: 'copy' }, /mine: "copy" is not .* deletions\. Use one of nothing, note, same/],
    [{ proxyUse: 'never' }, /mine: "never" is not .* proxyUse\. Use one of none, node/],
    [{ api: 'tmf641' }, /mine: "tmf641" is not .* api\. Use one of tmf621, tmf622/],
    [{ version: 'v3' }, /mine: "v3" is not .* version\. Use one of v4, v5/],
    [{ profile: 'Servicenow' }, /mine: "Servicenow" is not .* profile\. Use one of standard, servicenow/],
    [{ arrayMode: 'patch' }, /mine: "patch" is not .* arrayMode\. Use one of auto, replace, append, jsonPatch/],
    [{ attachments: 'none' }, /mine: "none" is not .* attachments\. Use one of all, only, except/],
  ];
  const tmf = { type: 'switchboard-tmf-endpoint', z: undefined, ...endpoint };
  const broker = () => (helper.getNode('n') as unknown as EndpointNode).broker;
  for (const [settings, message] of ENDPOINTS)
    it(`is an error of an endpoint where ${JSON.stringify(settings)} has another one`, async () => {
      await load(tmf, settings);
      await assert.rejects(broker(), { code: 'SWB_CONFIG', message });
    });
  it('has its default in an endpoint where it is empty', async () => {
    await load(tmf, Object.fromEntries(ENDPOINTS.flatMap(([settings]) => Object.keys(settings).map((name) => [name, '']))));
    await broker();
    const { client } = helper.getNode('n') as unknown as EndpointNode;
    assert.equal(client.system, 'tmf621');
    assert.equal(client.dialectId, 'v4');
  });
});
