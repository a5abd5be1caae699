import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Node } from 'node-red';
import type { EndpointNode } from '../../nodes/kit/parties.js';
import type { StoreNode } from '../../nodes/switchboard-store/switchboard-store.js';
import type * as troubles from '../../src/delivery/node-troubles.js';
import type { GenericMessage } from '../../src/model/message.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { until } from '../live/node-red.js';
import { type Caught, nodeSets, testHelper } from './node-helper.js';

const helper = testHelper();
const SETS = nodeSets(
  'switchboard-store',
  'servicenow-endpoint',
  'tmf-endpoint',
  'mapping',
  'normalize',
  'conversation-correlate',
  'map',
  'servicenow-out',
  'tmf621-out',
  'tmf622-in',
  'tmf622-out',
  'route',
);

describe('the nodes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-nodes-'));
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

  const store = () => ({ id: 'id-store', type: 'switchboard-store', name: 'store', path: join(folder, `s${Math.random()}`) });
  const serviceNow = (more: object = {}) => ({
    id: 'id-sn',
    type: 'switchboard-servicenow-endpoint',
    name: 'Acme',
    store: 'id-store',
    baseUrl: 'http://127.0.0.1:9',
    auth: 'none',
    entityTypes: [{ name: 'incident', table: 'incident', fields: '' }],
    ...more,
  });
  const tmf = (more: object = {}) => ({
    id: 'id-tmf',
    type: 'switchboard-tmf-endpoint',
    name: 'North',
    store: 'id-store',
    baseUrl: 'http://127.0.0.1:9',
    auth: 'none',
    version: 'v4',
    profile: 'standard',
    ...more,
  });
  const around = (node: object) => [
    { id: 'id-tab', type: 'tab' },
    { z: 'id-tab', id: 'n', wires: [['out'], ['out2'], ['out3']], ...node },
    ...['out', 'out2', 'out3', 'caught'].map((id) => ({ z: 'id-tab', id, type: 'helper' })),
    { z: 'id-tab', id: 'id-catch', type: 'catch', scope: ['n'], wires: [['caught']] },
  ];
  const load = async (flow: object[], credentials: object = {}) => {
    await new Promise<void>((done) => helper.load(SETS, flow, credentials, done));
  };
  const next = (id: string) =>
    new Promise<Caught>((resolve) => helper.getNode(id)!.once('input', (msg) => resolve(msg as never)));
  const envelope = {
    messageId: 'm',
    store: 'id-store',
    endpoint: 'id-sn',
    entityType: 'incident',
    entityId: '1',
    origin: 'webhook',
  };
  const record = { sys_id: '1', number: 'INC1', short_description: 'No dial tone', state: '2', priority: '2' };

  describe('with an input', () => {
    const ENDPOINT_OF: Record<string, string> = { 'tmf621-out': 'id-tmf', 'tmf622-out': 'id-orders' };
    for (const type of ['normalize', 'conversation-correlate', 'route', 'map', 'servicenow-out', 'tmf621-out', 'tmf622-out']) {
      it(`${type} reports a message that does not come from an in node to the catch node, and says what to do`, async () => {
        await load([
          store(),
          serviceNow(),
          tmf(),
          tmf({ id: 'id-orders', name: 'Orders', api: 'tmf622' }),
          ...around({ type: `switchboard-${type}`, endpoint: ENDPOINT_OF[type] ?? 'id-sn', parties: ['id-tmf'] }),
        ]);
        const caught = next('caught');
        helper.getNode('n')!.receive({ payload: {} });
        const { error } = await caught;
        assert.equal(error.code, 'SWB_PAYLOAD');
        assert.match(error.message, /must come from a Switchboard in node/);
      });
    }

    for (const type of ['conversation-correlate', 'route', 'map']) {
      it(`${type} reports a payload that is no generic message`, async () => {
        const parties = ['id-tmf'];
        await load([
          store(),
          serviceNow(),
          tmf(),
          ...around({ type: `switchboard-${type}`, name: 'mine', endpoint: 'id-sn', parties }),
        ]);
        const caught = next('caught');
        const switchboard = { ...envelope, conversation: { id: 'c' }, incoming: { record: {}, sources: {} } };
        helper.getNode('n')!.receive({ payload: 'hi', switchboard } as never);
        const { error } = await caught;
        assert.equal(error.code, 'SWB_PAYLOAD');
        assert.match(error.message, /mine: msg.payload is not a generic message. Place this node after a normalize node/);
      });
    }

    for (const type of ['map', 'servicenow-out', 'tmf621-out', 'tmf622-out']) {
      it(`${type} reports that it has no endpoint`, async () => {
        await load(around({ type: `switchboard-${type}`, name: 'mine', endpoint: '' }));
        const caught = next('caught');
        helper.getNode('n')!.receive({ payload: {}, switchboard: { ...envelope, conversation: { id: 'c' } } } as never);
        const { error } = await caught;
        assert.equal(error.code, 'SWB_CONFIG');
        assert.match(error.message, /mine: The node has no endpoint/);
      });
    }
  });

  describe('route', () => {
    const route = (more: object = {}) =>
      around({ type: 'switchboard-route', name: 'mine', parties: ['id-tmf'], rules: [], ...more });

    it('reports a message without a conversation', async () => {
      await load([store(), serviceNow(), tmf(), ...route()]);
      const caught = next('caught');
      helper.getNode('n')!.receive({ payload: {}, switchboard: envelope } as never);
      assert.match(
        (await caught).error.message,
        /mine: The message does not belong to a conversation. Place a conversation correlate/,
      );
    });

    it('reports an invalid rule when it starts', async () => {
      // The nodes are those of the build, which has its own list.
      const { nodeTroubles } = require(resolve('dist/src/delivery/node-troubles.js')) as typeof troubles;
      const invalid = [{ field: '', operator: 'expression', value: 'fields.title =' }];
      for (const [rule, reason] of [
        [{ from: '', when: [], to: ['id-sn'] }, /mine: Rule 1 leads to Acme, which has no row. Add a row for this party/],
        [{ from: '', when: invalid, to: ['id-tmf'] }, /mine, rule 1: The expression "fields\.title =" is invalid/],
      ] as const) {
        await load([store(), serviceNow(), tmf(), ...route({ rules: [rule] })]);
        // Expressions are read in another process.
        const found = await until('the reason', () => nodeTroubles().find(({ id }) => id === 'n')?.reason);
        assert.match(found, reason);
        await helper.unload();
      }
    });

    it('reports with each message that its parties are invalid', async () => {
      await load([store(), serviceNow(), tmf(), ...route({ parties: ['id-tmf', 'id-tmf'] })]);
      const caught = next('caught');
      helper.getNode('n')!.receive({ payload: {}, switchboard: envelope } as never);
      const { error } = await caught;
      assert.equal(error.code, 'SWB_CONFIG');
      assert.match(error.message, /mine: Two rows are for North/);
    });
  });

  describe('map', () => {
    it('maps to an order for an order endpoint, and reports what is missing according to its version', async () => {
      const orders = tmf({ api: 'tmf622' });
      await load([store(), orders, ...around({ type: 'switchboard-map', endpoint: 'id-tmf', entityType: '' })]);
      const items = [{ id: '1', action: 'add', offering: { id: 'OF-1' } }];
      const order = (fields: object) => ({
        entity: 'order',
        event: 'created',
        source: { endpoint: 'id-sn', entityType: 'order', id: '1' },
        fields,
        comments: [],
        attachments: [],
        relations: [],
      });
      const valid = next('out');
      helper.getNode('n')!.receive({ payload: order({ title: 'One line', items }), switchboard: { ...envelope } } as never);
      const { payload } = await valid;
      assert.deepEqual(payload, {
        description: 'One line',
        productOrderItem: [{ id: '1', action: 'add', productOffering: { id: 'OF-1' } }],
      });
      const invalid = next('out2');
      helper.getNode('n')!.receive({ payload: order({ title: 'None' }), switchboard: { ...envelope } } as never);
      const { problems } = (await invalid) as unknown as { problems: { text: string }[] };
      assert.match(problems.map((p) => p.text).join(), /productOrderItem/);
    });

    it('refuses only what it writes: an update does not fail for a field that it leaves as it is', async () => {
      const own = {
        id: 'own',
        type: 'switchboard-mapping',
        name: 'Own',
        mapping: {
          name: 'Own',
          system: 'tmf621',
          version: 'v4',
          entityType: 'troubleTicket',
          rules: [
            { field: 'name', generic: 'title' },
            { field: 'status', generic: 'custom.theirs' },
          ],
        },
      };
      await load([store(), tmf(), own, ...around({ type: 'switchboard-map', endpoint: 'id-tmf', mapping: 'own' })]);
      const send = (changed: string[], entities: object[]) =>
        helper.getNode('n')!.receive({
          payload: {
            entity: 'incident',
            event: 'updated',
            source: { endpoint: 'id-sn', entityType: 'incident', id: '1' },
            fields: { title: 'New', custom: { theirs: 'awaitingParts' } },
            changed,
            comments: [],
            attachments: [],
            relations: [],
          },
          switchboard: { ...envelope, conversation: { id: 'c', reference: 'r', isNew: false, entities } },
        } as never);
      const there = [{ endpoint: 'id-tmf', entityType: 'troubleTicket', leg: '' }];
      const mapped = next('out');
      send(['title'], there);
      assert.equal(((await mapped).payload as unknown as { name: string }).name, 'New');
      for (const [changed, entities] of [
        [['custom'], there],
        [['title'], []],
        [['title'], [{ endpoint: 'id-tmf', entityType: 'troubleTicket', leg: 'other' }]],
      ] as [string[], object[]][]) {
        const invalid = next('out2');
        send(changed, entities);
        const { problems } = (await invalid) as unknown as { problems: { text: string }[] };
        assert.match(problems.map((p) => p.text).join(), /status must be one of/);
      }
    });
  });

  describe('a node of one TM Forum API', () => {
    for (const [type, api] of [
      ['tmf622-in', 'tmf621'],
      ['tmf622-out', 'tmf621'],
      ['tmf621-out', 'tmf622'],
    ]) {
      it(`${type} rejects an endpoint of ${api} with a message`, async () => {
        await load([store(), tmf({ api }), ...around({ type: `switchboard-${type}`, name: 'mine', endpoint: 'id-tmf' })]);
        const says = `mine: North is a ${api!.toUpperCase()} `;
        await until('the node to say so', () => helper.log().args.some(([{ msg }]) => String(msg).includes(says)));
      });
    }
  });

  describe('normalize', () => {
    it('converts the payload of an in node to a generic message', async () => {
      await load([store(), serviceNow(), ...around({ type: 'switchboard-normalize' })]);
      const got = next('out');
      helper.getNode('n')!.receive({ payload: { table: 'incident', record }, switchboard: { ...envelope } } as never);
      const { entity, fields } = (await got).payload as GenericMessage;
      assert.equal(entity, 'incident');
      const { title, state, severity } = fields;
      assert.deepEqual([title, state, severity], ['No dial tone', 'inProgress', 'major']);
    });

    it('passes a record on whose values are of other types than the model’s, without those that do not fit', async () => {
      await load([store(), tmf(), ...around({ type: 'switchboard-normalize' })]);
      const got = next('out');
      const ticket = { id: 'TT-1', name: 4711, description: { en: 'no' }, severity: 'Minor', status: 'IN PROGRESS' };
      const from = { ...envelope, endpoint: 'id-tmf', entityType: 'troubleTicket', entityId: 'TT-1' };
      helper.getNode('n')!.receive({ payload: { ticket }, switchboard: from } as never);
      const { title, description, state } = ((await got).payload as GenericMessage).fields;
      assert.deepEqual([title, description, state], ['4711', undefined, 'inProgress']);
    });

    it('rejects a payload of another type', async () => {
      await load([store(), serviceNow(), ...around({ type: 'switchboard-normalize', name: 'mine' })]);
      const caught = next('caught');
      helper.getNode('n')!.receive({ payload: 'text', switchboard: { ...envelope } } as never);
      const { error } = await caught;
      assert.match(error.message, /mine: msg\.payload is not the record that the in node sent/);
    });

    it('rejects a mapping of another system', async () => {
      const mapping = {
        id: 'own',
        type: 'switchboard-mapping',
        name: 'Own',
        mapping: {
          name: 'Own',
          system: 'tmf621',
          version: 'v4',
          entityType: 'troubleTicket',
          rules: [{ field: 'name', generic: 'title' }],
        },
      };
      await load([store(), serviceNow(), mapping, ...around({ type: 'switchboard-normalize', mapping: 'own' })]);
      const caught = next('caught');
      helper.getNode('n')!.receive({ payload: { table: 'incident', record }, switchboard: { ...envelope } } as never);
      const { error } = await caught;
      assert.equal(error.code, 'SWB_CONFIG');
      assert.match(error.message, /"Own" is for troubleTicket of TMF621 .*, but Acme needs one for incident of ServiceNow/);
    });

    it('reports which rule of its mapping is invalid', async () => {
      const rules = [
        { field: 'number', generic: 'source.number' },
        { field: ['state', ''], generic: 'state' },
      ];
      const own = { name: 'Own', system: 'servicenow', entityType: 'incident', rules };
      const mapping = { id: 'own', type: 'switchboard-mapping', name: 'Own', mapping: own };
      await load([store(), serviceNow(), mapping, ...around({ type: 'switchboard-normalize', mapping: 'own' })]);
      const caught = next('caught');
      helper.getNode('n')!.receive({ payload: { table: 'incident', record }, switchboard: { ...envelope } } as never);
      const { error } = await caught;
      assert.equal(error.code, 'SWB_CONFIG');
      assert.match(error.message, /: Mapping "Own", rule 2 \(state, … ↔ state\): Field 2 of 2 is empty\./);
    });
  });

  describe('the endpoint nodes', () => {
    /** The error message of the node. */
    const errorMessage = async (flow: object[], credentials: object = {}) => {
      await load(flow, credentials);
      const node = helper.getNode('id-sn') ?? helper.getNode('id-tmf')!;
      return (node as Node & { broker: Promise<unknown> }).broker.then(
        () => '',
        (error: Error) => error.message,
      );
    };

    for (const [what, flow, says] of [
      ['no URL', [store(), serviceNow({ baseUrl: '' })], /Acme: .*baseUrl/],
      ['an invalid URL', [store(), serviceNow({ baseUrl: 'acme.example' })], /"acme\.example" is not the base URL of an API/],
      [
        'a URL with a fragment, after which a path would be lost',
        [store(), serviceNow({ baseUrl: 'https://acme.example/#' })],
        /acme\.example\/#" is not the base URL.*neither \? nor #/,
      ],
      ['no store', [serviceNow({ store: '' })], /Acme: The endpoint has no store.*Choose or add a store/],
      ['an unknown authentication method', [store(), serviceNow({ auth: 'magic' })], /"magic" is not an authentication method/],
      ['no user for basic authentication', [store(), serviceNow({ auth: 'basic' })], /user/],
      ['no token URL for OAuth', [store(), tmf({ auth: 'oauthClientCredentials', tokenUrl: '' })], /tokenUrl/],
      [
        'an API path that no request can have',
        [store(), tmf({ apiPath: '../x y' })],
        /North: No request can have the path "\.\.\/x y"/,
      ],
      ['a timeout that is not a number', [store(), tmf({ timeout: 'soon' })], /timeout/],
    ] as [string, object[], RegExp][]) {
      it(`with ${what} report it`, async () => {
        assert.match(await errorMessage(flow), says);
      });
    }

    it('read the columns that the preset needs in addition to the listed ones', async () => {
      await errorMessage([
        store(),
        serviceNow({ entityTypes: [{ name: 'incident', table: 'incident', fields: 'u_site, u_line' }] }),
      ]);
      const { client } = helper.getNode('id-sn') as unknown as { client: { entityTypes: { fields: string[] }[] } };
      const fields = client.entityTypes[0]?.fields ?? [];
      for (const column of ['u_site', 'u_line', 'short_description', 'state', 'hold_reason'])
        assert.ok(fields.includes(column), column);
    });

    it('work with environment variables in their settings', async () => {
      process.env.SWB_TEST_URL = 'http://127.0.0.1:9';
      try {
        assert.equal(await errorMessage([store(), serviceNow({ baseUrl: `\${SWB_TEST_URL}` })]), '');
        const { client } = helper.getNode('id-sn') as unknown as { client: { name: string } };
        assert.equal(client.name, 'Acme');
      } finally {
        delete process.env.SWB_TEST_URL;
      }
    });
  });

  describe('the store node', () => {
    const availability = () => (helper.getNode('id-store') as unknown as StoreNode).availability;

    it('reports a folder that it cannot create', async () => {
      writeFileSync(join(folder, 'file'), '');
      await load([{ ...store(), path: join(folder, 'file', 'store') }]);
      await assert.rejects(availability().ready(), /ENOTDIR/);
    });

    it('does not create a folder named after an environment variable that is not set', async () => {
      await load([{ ...store(), path: join(folder, `\${SWB_NOT_SET}`) }]);
      await assert.rejects(availability().ready(), /store: The environment variable SWB_NOT_SET is not set/);
    });

    it('opens later, without a deploy, and the nodes that use it start then', async () => {
      const config = store();
      const other = new LowdbStore({ folder: config.path });
      await other.open();
      await load([
        config,
        serviceNow(),
        { id: 'tab', type: 'tab' },
        { id: 'out', z: 'tab', type: 'switchboard-servicenow-out', endpoint: 'id-sn' },
      ]);
      const shown: (string | undefined)[] = [];
      helper.getNode('out')!.status = (status) => void shown.push((status as { text: string }).text);
      await until('the reason', () => shown.some((text) => /^store in use by another process, next attempt in/.test(text ?? '')));
      const endpoint = helper.getNode('id-sn') as unknown as EndpointNode;
      await assert.rejects(endpoint.broker, { code: 'SWB_STORE_LOCKED' });
      await other.close();
      await until('the endpoint to be known', () => availability().broker?.client('id-sn'));
      await until('the out node', () => shown.at(-1) === 'connected');
      assert.equal(await endpoint.broker, availability().broker);
    });

    it('does not keep a deploy waiting while it is not open', async () => {
      const config = store();
      const other = new LowdbStore({ folder: config.path });
      await other.open();
      await load([config, serviceNow()]);
      await assert.rejects(availability().ready());
      const [before, retryAt] = [Date.now(), availability().trouble?.retryAt ?? 0];
      await helper.unload();
      assert.ok(Date.now() < Math.max(retryAt, before + 500), 'it does not wait for the next attempt');
      await other.close();
    });

    it('opens its folder, and releases it when it is closed', async () => {
      const config = store();
      await load([config]);
      await availability().ready();
      await helper.unload();
      await load([config]);
      const again = await availability().ready();
      await until('the store to answer', () => again.store.counts());
    });
  });
});
