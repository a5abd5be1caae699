import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndpointNode } from '../../nodes/kit/parties.js';
import type { FanOutLeg } from '../../src/conversation/fan-out-rules.js';
import type { FannedOut, FanOutOutputs } from '../../src/delivery/fan-out-outputs.js';
import { order } from '../conversation/orders.js';
import { type Caught, nodeSets, testHelper } from './node-helper.js';

const helper = testHelper();
const SETS = nodeSets('switchboard-store', 'servicenow-endpoint', 'fan-out');
const takes = [{ field: 'category', is: ['*'] }];

describe('the fan out node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-fan-out-'));
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

  const on = (id: string, listener: (msg: { error: Caught['error']; switchboard?: { leg?: string } }) => void) =>
    (helper.getNode(id) as unknown as NodeJS.EventEmitter).on('input', listener);

  /** Sends the parts of an order for these rows through a node with these legs; resolves with what each output gave, and the error. */
  const fanOut = async (legs: FanOutLeg[], wires: string[][], rows: string[]) => {
    const outs = ['out0', 'out1', 'out2'];
    const flow = [
      { id: 'tab', type: 'tab' },
      { id: 'id-store', type: 'switchboard-store', name: 'store', path: join(folder, `s${Math.random()}`) },
      {
        id: 'id-customer',
        type: 'switchboard-servicenow-endpoint',
        name: 'Acme',
        store: 'id-store',
        baseUrl: 'http://127.0.0.1:9',
        auth: 'none',
        entityTypes: [{ name: 'incident', table: 'incident', fields: '' }],
      },
      { id: 'n', z: 'tab', type: 'switchboard-fan-out', by: 'item', onFailure: 'keep', legs, wires },
      ...[...outs, 'caught', 'completed'].map((id) => ({ id, z: 'tab', type: 'helper' })),
      { id: 'id-catch', z: 'tab', type: 'catch', scope: ['n'], wires: [['caught']] },
      { id: 'id-complete', z: 'tab', type: 'complete', scope: ['n'], wires: [['completed']] },
    ];
    await new Promise<void>((done) => helper.load(SETS, flow, {}, done));
    const broker = await (helper.getNode('id-customer') as unknown as EndpointNode).broker;
    const legMessages = rows.map((row) => ({ leg: `${row}-leg`, row, message: order({ title: row }) }));
    broker.legs.fanOut = async (_reference, _node, _rules, _message, { leads }: FanOutOutputs): Promise<FannedOut> => ({
      legs: legMessages.filter(({ row }) => leads(row)),
      unreached: rows.filter((row) => !leads(row)),
      unassigned: [],
    });
    const got: Record<string, string[]> = {};
    for (const id of outs)
      on(id, ({ switchboard }) => {
        got[id] = [...(got[id] ?? []), switchboard?.leg ?? ''];
      });
    const ended = new Promise<Caught['error'] | undefined>((resolve) => {
      on('caught', ({ error }) => resolve(error));
      on('completed', () => resolve(undefined));
    });
    const switchboard = {
      messageId: 'm',
      store: 'id-store',
      endpoint: 'id-customer',
      entityType: 'order',
      entityId: '1',
      origin: 'webhook',
      conversation: 'c',
    };
    helper.getNode('n')!.receive({ payload: order(), switchboard } as never);
    return { error: await ended, got };
  };

  it('sends each part to the output of its row, however the rows are named and ordered now', async () => {
    const legs = [
      { name: 'phones', id: 'devices', takes },
      { name: 'mobile', takes },
    ];
    const { got, error } = await fanOut(legs, [['out0'], ['out1'], []], ['mobile', 'devices']);
    assert.deepEqual([got, error], [{ out0: ['devices-leg'], out1: ['mobile-leg'] }, undefined]);
  });

  it('names a row that is gone, and sends the other parts', async () => {
    const { got, error } = await fanOut([{ name: 'mobile', takes }], [['out0'], []], ['mobile', 'devices']);
    assert.deepEqual([got, error?.code], [{ out0: ['mobile-leg'] }, 'SWB_CONFIG']);
    assert.match(error!.message, /has a leg "devices", which this node no longer has.*Add a leg with that name to the node/s);
  });

  it('names a row whose output is not wired, and sends the other parts', async () => {
    const legs = [
      { name: 'mobile', takes },
      { name: 'phones', id: 'devices', takes },
    ];
    const { got, error } = await fanOut(legs, [['out0'], [], []], ['mobile', 'devices']);
    assert.deepEqual([got, error?.code], [{ out0: ['mobile-leg'] }, 'SWB_CONFIG']);
    assert.match(error!.message, /The output of the leg "phones" is not wired.*replay the message/s);
  });
});
