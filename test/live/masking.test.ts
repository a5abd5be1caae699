import assert from 'node:assert/strict';
import type { ConversationList } from '../../nodes/sidebar/conversation-views.js';
import type { Access, AuditEntry, MessageList, MessageView, UnmappedView } from '../../nodes/sidebar/views.js';
import { tmf621v4 } from '../../src/endpoints/tmf621/presets.js';
import type { Json } from '../../src/model/message.js';
import type { EditorServer } from '../browser/editor.js';
import { rawRequest } from '../http/raw-request.js';
import { PEOPLE_INCIDENT, startWithPeople, TITLE, type Token } from '../nodes/sidebar/people-seed.js';
import { addressOf, RIGHTS } from './admin-routes.js';

/** What must not be seen, and what is seen instead. */
const PLANTED = ['Lovelace', 'lovelace', 'Babbage', 'b.somerville', 'Somerville', '1234517', 'ada@'];

describe('people’s data that a store masks', () => {
  let server: EditorServer;
  let tokens: Record<string, Token>;
  before(async () => {
    ({ server, tokens } = await startWithPeople());
  });
  after(() => server?.stop());

  const ask = (user: string, path: string, method = 'GET', body: object = {}) =>
    rawRequest(
      `${server.url}switchboard/${path}`,
      method,
      { 'Content-Type': 'application/json', Authorization: `Bearer ${tokens[user]?.access_token}` },
      method === 'POST' ? JSON.stringify(body) : '',
    );
  const json = async <T>(user: string, path: string) => JSON.parse((await ask(user, path)).body) as T;
  const assertMasked = (text: string, what: string) => {
    for (const word of PLANTED) assert.ok(!text.includes(word), `${what}: ${word} in ${text}`);
  };

  it('is in no answer to a reader or operator', async () => {
    const typed = {
      mapping: { ...tmf621v4, name: 'own', rules: [{ field: 'name', generic: 'title' }] },
      direction: 'out',
      sample: { fields: { title: TITLE } },
      rules: { parties: ['sn1'], rules: [{ from: 'sn1', when: [], to: ['sn1'] }], matches: 'first', otherwise: '' },
      selection: { search: 'Lovelace', state: 'all' },
      action: 'replay',
      preview: true,
      rule: 0,
    };
    const query = 'system=servicenow&entityType=incident';
    const routes = Object.entries(RIGHTS).filter(([, right]) => right === 'switchboard.read');
    const asked = [
      ...routes.map(([route]) => addressOf(route)).map(({ method, path }) => [method, path.replace('switchboard/', '')] as const),
      ...['messages/m7', 'messages/m8', 'messages?state=problems&limit=200', 'conversations/c7', 'conversations/c7?known=x'].map(
        (path) => ['GET', path] as const,
      ),
      ...['fields', 'samples', 'samples/m7', 'samples/m8'].flatMap((path) =>
        ['in', 'out'].map((direction) => ['GET', `mappings/${path}?${query}&direction=${direction}`] as const),
      ),
      ['POST', 'bulk'] as const,
    ];
    for (const [method, path] of asked)
      for (const user of ['reader', 'operator']) {
        const { body } = await ask(user, path, method, typed);
        assertMasked(body, `${method} ${path}`);
      }
    const shown = await json<MessageView>('reader', 'messages/m7');
    assert.equal(shown.title, 'A… L… has no dial tone, call +44 … 17');
    assert.equal(shown.sent[0]?.error?.message, 'North refused: Mr B… (a…@acme.example) is unknown.');
    assert.equal(shown.number, 'INC0010027');
    const { record } = shown.payload as unknown as typeof PEOPLE_INCIDENT;
    assert.deepEqual([record.sys_updated_by, record.sys_created_by], ['svc.acme', 'exporter'], 'our user, a user of Node-RED');
  });

  it('is shown in clear to who may export and asks for it, and to nobody else', async () => {
    const clear = await json<MessageView>('exporter', 'messages/m7?clear=true');
    assert.equal(clear.title, TITLE);
    assert.deepEqual(clear.payload, PEOPLE_INCIDENT as Json);
    assertMasked(JSON.stringify(await json('exporter', 'messages/m7')), 'without asking');
    for (const user of ['reader', 'operator'])
      for (const path of ['messages/m7?clear=true', 'conversations/c7?clear=true', 'messages?clear=true'])
        assert.equal((await ask(user, path)).status, 401, `${user} ${path}`);
    assert.deepEqual(await json<Access>('exporter', 'access'), {
      write: true,
      export: true,
      masked: ['names', 'email', 'phone'],
    });
  });

  it('has entries in the log that say who saw it in clear, and for whom it was looked', async () => {
    const shown = async (user: string, query = '') =>
      (await json<AuditEntry[]>(user, `audit?all=true${query}`))
        .filter(({ by, action }) => by === 'exporter' && (action === 'read' || action === 'lookFor'))
        .map(({ target, people, search }) => [target.kind, target.name ?? target.id, people, search]);
    for (const clear of [false, true, false, true]) {
      await json('exporter', `messages/m8${clear ? '?clear=true' : ''}`);
      await json('exporter', `conversations/c7${clear ? '?clear=true' : ''}`);
    }
    await ask('exporter', 'people/preview', 'POST', { person: ['Lovelace'] });
    const entries = await shown('exporter', '&clear=true');
    const [message] = entries.filter(([kind]) => kind === 'message');
    const of = (kind: string, what = '') => entries.filter((one) => one[0] === kind && String(one[1]).startsWith(what));
    assert.deepEqual(
      of('message', String(message?.[1])).map(([, , people]) => people),
      [true, undefined],
    );
    assert.deepEqual(
      of('conversation').map(([, , people]) => people),
      [true, undefined],
    );
    assert.deepEqual(of('view'), [['view', '', true, undefined]], 'lists in clear are one entry an hour');
    assert.equal(of('person')[0]?.[3], 'Lovelace');
    assert.deepEqual((await shown('reader')).find(([kind]) => kind === 'person')?.[3], undefined, 'masked with the rest');
  });

  it('is not found by a search of who does not see it', async () => {
    for (const search of ['Lovelace', 'Lovel', 'ada lovelace', '1234517']) {
      assert.deepEqual((await json<MessageList>('reader', `messages?search=${search}`)).messages, [], search);
      assert.deepEqual((await json<ConversationList>('reader', `conversations?search=${search}`)).conversations, [], search);
      assert.equal((await json<MessageList>('exporter', `messages?search=${search}&clear=true`)).messages[0]?.id, 'm7', search);
    }
    for (const search of ['dial tone', 'INC0010027', 'SWB-7K3M9Q2X4F7A']) {
      assert.equal((await json<MessageList>('reader', `messages?search=${search}`)).messages[0]?.id, 'm7', search);
      assert.equal((await json<ConversationList>('reader', `conversations?search=${search}`)).conversations[0]?.id, 'c7', search);
    }
  });

  it('can be dealt with as it is shown: an unknown value is forgotten', async () => {
    const values = await json<UnmappedView[]>('operator', 'unmapped');
    assert.deepEqual(values.map(({ value }) => value).sort(), ['A… L…', 'a…@acme.example']);
    assert.equal((await ask('operator', 'unmapped/forget', 'POST', { values })).status, 200);
    assert.deepEqual(await json('operator', 'unmapped'), []);
  });

  it('cannot be edited as masked, so that no mask is sent to a partner', async () => {
    const shown = await json<MessageView>('operator', 'messages/m8');
    for (const path of ['messages/m8/edit', 'deliveries/d7/edit']) {
      const { status, body } = await ask('operator', path, 'POST', { payload: shown.payload });
      assert.equal(status, 409, path);
      assert.match((JSON.parse(body) as { message: string }).message, /People’s data is masked.*switchboard\.export/);
    }
    assert.equal((await ask('operator', 'messages/m8/edit?clear=true', 'POST', { payload: {} })).status, 401);
  });
});
