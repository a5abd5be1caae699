import assert from 'node:assert/strict';
import type { SeenValues } from '../../nodes/mapping/designer/answers.js';
import type { ConversationList } from '../../nodes/sidebar/conversation-views.js';
import type { Access, AuditEntry, MessageList, MessageView, UnmappedView } from '../../nodes/sidebar/views.js';
import { preset } from '../../src/endpoints/registry.js';
import { tmf621v4 } from '../../src/endpoints/tmf621/presets.js';
import type { Direction, Mapping } from '../../src/mapping/mapping.js';
import type { Json } from '../../src/model/message.js';
import type { EditorServer } from '../browser/editor.js';
import { rawRequest } from '../http/raw-request.js';
import { PEOPLE_INCIDENT, startWithPeople, TITLE, type Token } from '../nodes/sidebar/people-seed.js';
import { addressOf, RIGHTS } from './admin-routes.js';
import { shownBy, TRANSFORMS } from './masked-computing.js';

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

  describe('computed with in previews', () => {
    /** A request that each route of readers takes that computes with rules: every expression is one. */
    const bodyFor = (expressions: string[], preset: Mapping, direction: Direction, sample: object) => ({
      id: '',
      mapping: {
        ...preset,
        name: 'own',
        rules: expressions.map((one, at) => ({
          field: `x${at}`,
          generic: `custom.x${at}`,
          expression: { in: one, out: one },
        })),
      },
      direction,
      sample,
      rule: 0,
      rules: {
        parties: ['sn1', 'tmf1'],
        rules: expressions.map((value) => ({
          from: 'sn1',
          when: [{ field: '', operator: 'expression', value }],
          to: ['tmf1'],
        })),
        matches: 'all',
        otherwise: '',
      },
    });
    const KINDS: [Mapping, Direction][] = [
      [preset('servicenow', 'incident'), 'in'],
      [tmf621v4, 'out'],
    ];
    const routes = Object.entries(RIGHTS).flatMap(([route, right]) =>
      route.startsWith('POST ') && right === 'switchboard.read' ? [route.replace('POST ', '')] : [],
    );
    const sampleFor = async (user: string, { system, entityType, version }: Mapping, direction: Direction, clear: string) => {
      const about = new URLSearchParams({ system, entityType, direction, ...(version && { version }) });
      return (await json<{ sample: object }>(user, `mappings/samples/m7?${about}&${clear}`)).sample;
    };

    /** The answers of all routes for messages of all kinds, with what was asked. */
    const answers = async (user: string, expressions: string[], clear = '') => {
      const texts: [what: string, text: string][] = [];
      for (const [preset, direction] of KINDS) {
        const sample = await sampleFor(user, preset, direction, clear);
        const body = bodyFor(expressions, preset, direction, sample);
        for (const route of routes) {
          const { status, body: text } = await ask(user, `${route}?${clear}`, 'POST', body);
          assert.equal(status, 200, `${route}: ${text}`);
          texts.push([`${user}: ${route}, ${direction}`, text]);
        }
      }
      return texts;
    };
    const transforms = Object.entries(TRANSFORMS);
    const expressions = transforms.map(([, { expression }]) => expression);

    it('is in no answer, in whatever form an expression writes it', async () => {
      for (const user of ['reader', 'operator'])
        for (const [what, text] of await answers(user, expressions))
          for (const [form, transform] of transforms)
            assert.deepEqual(shownBy(transform, text, PLANTED), [], `${what}, ${form}: ${text}`);
      const clear = (await answers('exporter', expressions, 'clear=true')).join();
      for (const [form, transform] of transforms)
        assert.notDeepEqual(shownBy(transform, clear, ['Lovelace']), [], `${form} in clear: ${clear}`);
    });

    it('does not tell whether it is what the user guesses', async () => {
      const guesses = (word: string) => [
        `$contains($string($), "${word}")`,
        `$count($match($string($), /${word}/)) > 0`,
        `$count($split($string($), "${word}")) > 1`,
        `$contains($string($), "${word}") ? $error("yes") : false`,
      ];
      const told = async (word: string, user = 'reader', clear = '') =>
        (await answers(user, guesses(word), clear)).map(([what, text]) => [what, text.replaceAll(word, 'word')]);
      assert.deepEqual(await told('Lovelace'), await told('Hopper'));
      const [known, unknown] = [await told('Lovelace', 'exporter', 'clear=true'), await told('Hopper', 'exporter', 'clear=true')];
      for (const route of ['mappings/preview', 'mappings/changes', 'routes/preview']) {
        const of = (all: string[][]) => all.filter(([what]) => what?.includes(route));
        assert.notDeepEqual(of(known), of(unknown), `${route} in clear`);
      }
    });

    it('is offered for a value map only in clear', async () => {
      const [[preset]] = KINDS as [[Mapping, Direction]];
      const body = {
        mapping: { ...preset, name: 'own', rules: [{ field: 'caller_id_name', generic: 'requester.name' }] },
        rule: 0,
      };
      const seen = async (clear: string) => JSON.parse((await ask('exporter', `mappings/values${clear}`, 'POST', body)).body);
      assert.deepEqual(await seen(''), { partner: [], generic: [], masked: true });
      assert.equal(((await seen('?clear=true')) as SeenValues).partner[0]?.value, 'Ada Lovelace');
    });
  });

  it('cannot be guessed by forgetting an unknown value', async () => {
    const values = await json<UnmappedView[]>('exporter', 'unmapped?clear=true');
    assert.deepEqual(values.map(({ value }) => value).sort(), ['Ada Lovelace', 'ada@acme.example']);
    assert.equal((await ask('operator', 'unmapped/forget', 'POST', { values })).status, 200);
    assert.equal((await json<UnmappedView[]>('operator', 'unmapped')).length, 2);
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
