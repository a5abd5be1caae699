import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServiceNowClient, type ServiceNowClient } from '../../../src/endpoints/servicenow/client.js';
import type { Auth } from '../../../src/http/http.js';
import { createHttpClient } from '../../../src/http/http-client.js';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js';
import { until } from '../../live/node-red.js';
import { PATIENCE } from '../../patience.js';

const TYPES: { name: string; table: string; fields: string[] }[] = [
  { name: 'incident', table: 'incident', fields: [] },
  { name: 'problem', table: 'problem', fields: [] },
  { name: 'case', table: 'sn_customerservice_case', fields: [] },
];
const REFERENCE = 'SWB-TEST00000001';

describe('a ServiceNow instance', () => {
  let sandbox: Sandbox;
  let client: ServiceNowClient;
  const connect = (auth?: Auth, entityTypes = TYPES) =>
    createServiceNowClient({
      id: 'c',
      name: 'Acme',
      http: createHttpClient({
        name: 'Acme',
        baseUrl: `${sandbox.url}/servicenow`,
        auth: auth ?? { kind: 'basic', user: 'switchboard', password: sandbox.environment.SANDBOX_SERVICENOW_PASSWORD! },
        timeout: PATIENCE,
        rateLimit: 0,
        concurrency: 8,
      }),
      entityTypes,
      integrationUser: 'switchboard',
      clock: Date.now,
    });
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());
  beforeEach(() => {
    sandbox.reset();
    client = connect();
  });
  afterEach(() => client.close());
  const desk = () => sandbox.servicenow;
  const gets = () => desk().requests.filter((r) => r.method === 'GET').length;

  it('returns a record with its journal and attachments', async () => {
    const { sys_id, number } = desk().create('incident', { short_description: 'x', impact: '1' });
    desk().comment('incident', sys_id, 'public words', 'agent');
    desk().workNote('incident', sys_id, 'internal words', 'agent');
    desk().attach('incident', sys_id, 'a.txt', 'text/plain', Buffer.from('hello'), 'agent');
    const parsed = client.parse(await client.read('incident', sys_id));
    assert.deepEqual([parsed.source.id, parsed.source.number, parsed.source.entityType], [sys_id, number, 'incident']);
    assert.equal(parsed.record.impact, '1');
    assert.deepEqual(
      parsed.comments.map((c) => [c.text, c.visibility]),
      [
        ['public words', 'public'],
        ['internal words', 'internal'],
      ],
    );
    assert.deepEqual(
      parsed.attachments.map((a) => [a.name, a.size]),
      [['a.txt', 5]],
    );
  });

  it('is asked for many records in few requests, and each gets its own parts', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => desk().create('incident', { short_description: `n ${i}` }));
    for (const { sys_id, short_description } of rows.slice(0, 50))
      desk().comment('incident', sys_id, `about ${short_description}`, 'agent');
    const before = gets();
    const read = await Promise.all(rows.map(({ sys_id }) => client.read('incident', sys_id)));
    assert.ok(gets() - before <= 9, `${gets() - before} requests`);
    read.forEach((raw, i) => {
      const parsed = client.parse(raw);
      assert.equal(parsed.record.short_description, `n ${i}`);
      assert.deepEqual(
        parsed.comments.map((c) => c.text),
        i < 50 ? [`about n ${i}`] : [],
      );
    });
  });

  it('reports each missing record separately, among others that exist', async () => {
    const { sys_id } = desk().create('incident', { short_description: 'here' });
    const [there, gone] = await Promise.allSettled([client.read('incident', sys_id), client.read('incident', '0'.repeat(32))]);
    assert.equal(there.status, 'fulfilled');
    assert.equal((gone as PromiseRejectedResult).reason.code, 'SWB_PARTNER_NOT_FOUND');
  });

  it('does not receive an id that is not a sys_id', async () => {
    await assert.rejects(client.read('incident', 'x^ORactive=true'), { code: 'SWB_PAYLOAD', message: /is not a sys_id/ });
  });

  it('is read with the chosen columns and those that are always needed', async () => {
    const few = connect(undefined, [{ name: 'incident', table: 'incident', fields: ['short_description'] }]);
    const { sys_id } = desk().create('incident', { short_description: 'x', description: 'long' });
    const { record } = few.parse(await few.read('incident', sys_id));
    assert.deepEqual([record.short_description, record.description, record.sys_id], ['x', undefined, sys_id]);
    few.close();
  });

  it('accepts a create with our reference, by which the record is found', async () => {
    const { entity, dropped } = await client.create('incident', { short_description: 'x', impact: '2', urgency: '2' }, REFERENCE);
    assert.deepEqual(dropped, []);
    const { source } = client.parse(entity);
    assert.equal(source.reference, REFERENCE);
    const found = await client.find('incident', REFERENCE);
    assert.equal(found && client.parse(found).source.id, source.id);
    assert.equal(await client.find('incident', 'SWB-NOBODY'), undefined);
  });

  it('with two records of one reference needs a person’s decision', async () => {
    await client.create('incident', { short_description: 'x' }, REFERENCE);
    await client.create('incident', { short_description: 'y' }, REFERENCE);
    await assert.rejects(client.find('incident', REFERENCE), { code: 'SWB_WRONG_ENTITY', message: /Several incident records/ });
  });

  it('drops unknown fields and wrong choices silently: the client reports which', async () => {
    const { dropped } = await client.create('incident', { short_description: 'x', nonesuch: 'y', impact: '9' }, REFERENCE);
    assert.deepEqual(dropped.map((d) => [d.field, d.sent]).sort(), [
      ['impact', '9'],
      ['nonesuch', 'y'],
    ]);
  });

  it('accepts an update of the given fields only', async () => {
    const { sys_id } = desk().create('incident', { short_description: 'x', description: 'stays' });
    const { dropped } = await client.update('incident', sys_id, { short_description: 'y' });
    assert.deepEqual(dropped, []);
    assert.deepEqual(
      [desk().row('incident', sys_id)?.short_description, desk().row('incident', sys_id)?.description],
      ['y', 'stays'],
    );
  });

  for (const told of [true, false])
    it(`that returns ten rows at a time is asked for the next ones${told ? '' : ', even if it does not announce them'}`, async () => {
      const { sys_id } = desk().create('incident', { short_description: 'x' });
      for (let i = 0; i < 23; i++) desk().comment('incident', sys_id, `words ${i}`, 'agent');
      desk().pageSize = 10;
      desk().counts = told;
      const { comments } = client.parse(await client.read('incident', sys_id));
      assert.equal(new Set(comments.map(({ text }) => text)).size, 23);
    });

  it('that shows its journal to nobody accepts comments all the same: the record proves that it was changed', async () => {
    const { sys_id } = desk().create('incident', { short_description: 'x' });
    desk().behaviours.add({ name: 'lag', kind: 'list', path: 'sys_journal_field', ms: 3_600_000 });
    await client.comment('incident', sys_id, { id: '1', text: 'words', visibility: 'public' });
    assert.equal(desk().journal(sys_id).length, 1);
  });

  it('that shows journals has to show the comment, even if we have just changed the record', async () => {
    const { sys_id } = desk().create('incident', { short_description: 'x' });
    desk().comment('incident', desk().create('incident', { short_description: 'y' }).sys_id, 'that journals are shown', 'agent');
    await client.update('incident', sys_id, { short_description: 'ours' });
    desk().behaviours.add({ name: 'noContent', kind: 'change' });
    await assert.rejects(client.comment('incident', sys_id, { id: '1', text: 'words', visibility: 'public' }), {
      notVisible: true,
    });
  });

  it('names the journal entry that a comment became', async () => {
    const { sys_id } = desk().create('incident', { short_description: 'x' });
    desk().comment('incident', sys_id, 'their words', 'agent');
    const { id } = await client.comment('incident', sys_id, { id: '1', text: 'our words', visibility: 'public' });
    assert.equal(id, desk().journal(sys_id)[1]?.sys_id);
  });

  it('accepts comments and work notes, and shows whether one was written before', async () => {
    const { sys_id } = desk().create('incident', { short_description: 'x' });
    const since = new Date().toISOString();
    const comment = { id: '1', text: 'public words', visibility: 'public' as const };
    const note = { id: '2', text: 'internal words', visibility: 'internal' as const };
    desk().comment('incident', desk().create('incident', { short_description: 'y' }).sys_id, 'that journals are shown', 'agent');
    assert.equal(await client.findComment('incident', sys_id, comment, since), undefined);
    await client.comment('incident', sys_id, comment);
    await client.comment('incident', sys_id, note);
    assert.deepEqual(
      desk()
        .journal(sys_id)
        .map((j) => [j.element, j.value]),
      [
        ['comments', 'public words'],
        ['work_notes', 'internal words'],
      ],
    );
    assert.ok(await client.findComment('incident', sys_id, comment, since));
    assert.ok(await client.findComment('incident', sys_id, note, since));
    assert.equal(await client.findComment('incident', sys_id, { ...note, visibility: 'public' }, since), undefined);
  });

  it('accepts files and returns them byte for byte', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-file-'));
    try {
      const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 251));
      const path = join(folder, 'f');
      writeFileSync(path, bytes);
      const { sys_id } = desk().create('incident', { short_description: 'x' });
      const hash = createHash('sha256').update(bytes).digest('hex');
      const file = { id: '1', name: 'ünï & co.bin', mimeType: 'application/octet-stream', path, size: bytes.length, hash };
      assert.equal(await client.findAttachment('incident', sys_id, file, ''), undefined);
      await client.attach('incident', sys_id, file);
      assert.ok(await client.findAttachment('incident', sys_id, file, ''));
      const [attachment] = client.parse(await client.read('incident', sys_id)).attachments;
      assert.equal(attachment?.name, 'ünï & co.bin');
      const chunks: Buffer[] = [];
      for await (const chunk of await client.download('incident', sys_id, attachment!)) chunks.push(chunk as Buffer);
      assert.deepEqual(Buffer.concat(chunks), bytes);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('that answers 202 has dropped the request', async () => {
    sandbox.servicenow.faults.add({ method: 'POST', kind: 'status', status: 202, times: 1 });
    await assert.rejects(client.create('incident', { short_description: 'x' }, REFERENCE), {
      code: 'SWB_PARTNER_ANSWER',
      outcome: 'unknown',
      message: /202/,
    });
  });

  it('has no entity type that is not configured in the endpoint', async () => {
    await assert.rejects(client.read('asset', '0'.repeat(32)), { code: 'SWB_CONFIG', message: /no entity type "asset"/ });
  });

  describe('polled', () => {
    /** All hints until there are no more. */
    const sweep = async (cursor: Awaited<ReturnType<ServiceNowClient['poll']>>['cursor'] | undefined, most = 50) => {
      const hints: { id: string; key: string }[] = [];
      let at = cursor;
      for (let i = 0; i < most; i++) {
        const step = await client.poll('incident', at);
        hints.push(...step.hints);
        at = step.cursor;
        if (!step.more) break;
      }
      return { hints, cursor: at };
    };

    it('begins with now: earlier changes are not reported', async () => {
      desk().create('incident', { short_description: 'old' });
      const { hints } = await sweep(undefined);
      assert.deepEqual(hints, []);
    });

    it('returns the changes since, each state of a record once by its key, with journals and files separately', async () => {
      const { cursor } = await sweep(undefined);
      const rows = Array.from({ length: 450 }, (_, i) => desk().create('incident', { short_description: `n ${i}` }));
      const [first] = rows;
      desk().comment('incident', first!.sys_id, 'words', 'agent');
      desk().attach('incident', first!.sys_id, 'a.txt', 'text/plain', Buffer.from('x'), 'agent');
      // The current second may still be filling, so the next sweep reads it.
      const found = new Map<string, string>();
      let at = cursor;
      await until('all records and the file', async () => {
        const step = await sweep(at);
        for (const hint of step.hints) found.set(hint.key, hint.id);
        at = step.cursor;
        return [...found.keys()].some((k) => k.startsWith('att|')) && new Set(found.values()).size === 450;
      });
      assert.deepEqual(new Set(found.values()), new Set(rows.map((r) => r.sys_id)));
      const kinds = (kind: string) => [...found.keys()].filter((key) => key.startsWith(`${kind}|`)).length;
      assert.deepEqual([kinds('jrn'), kinds('att')], [1, 1]);
    });
  });

  describe('whose connection is tested', () => {
    const named = async (made: ServiceNowClient) => new Map((await made.test()).map((check) => [check.name, check]));

    it('says what works', async () => {
      const checks = await named(client);
      assert.ok(
        [...checks.values()].every((c) => c.ok === true),
        JSON.stringify([...checks.values()]),
      );
      assert.ok([...checks.keys()].some((name) => /time zone/i.test(name)));
    });

    it('says which time zone polling uses, and how the clocks differ', async () => {
      const user = desk()
        .rows('sys_user')
        .find((row) => row.user_name === 'switchboard');
      user!.time_zone = 'Mars/Olympus';
      const checks = await named(client);
      assert.deepEqual([checks.get('Time zone')?.ok, checks.get('Clock')?.ok], ['warning', true]);
      assert.match(checks.get('Time zone')?.text ?? '', /Mars\/Olympus.*GMT/);
      user!.time_zone = 'GMT';
      assert.match((await named(client)).get('Time zone')?.text ?? '', /The time zone of switchboard is GMT/);
    });

    it('says that the password is wrong', async () => {
      const made = connect({ kind: 'basic', user: 'switchboard', password: 'wrong-password' });
      const bad = (await made.test()).filter((c) => c.ok === false);
      assert.ok(bad.length > 0 && bad.some((c) => /401|credentials/i.test(c.text)), JSON.stringify(bad));
      assert.ok(!JSON.stringify(bad).includes('wrong-password'));
      made.close();
    });

    it('says that the token is refused, whichever status the token endpoint uses for that', async () => {
      const made = connect({
        kind: 'oauthRefreshToken',
        tokenUrl: `${sandbox.url}/servicenow/oauth_token.do`,
        clientId: desk().client.id,
        clientSecret: desk().client.secret,
        refreshToken: 'none-of-theirs',
      });
      for (const status of [400, 401]) {
        desk().faults.add({ method: 'POST', path: 'oauth_token', kind: 'status', status });
        const checks = await made.test();
        desk().faults.clear();
        assert.deepEqual(
          checks.map((c) => [c.name, c.ok]),
          [['Credentials', false]],
        );
        assert.match(
          checks[0]?.text ?? '',
          new RegExp(`token endpoint returned ${status}.*Check the token URL, the client id and secret`),
        );
      }
      made.close();
    });

    it('warns of an integration user that may only read, or is in another time zone', async () => {
      desk().readOnly.add('switchboard');
      const [user] = desk()
        .rows('sys_user')
        .filter((u) => u.user_name === 'switchboard');
      user!.time_zone = 'Europe/Brussels';
      const checks = await client.test();
      desk().readOnly.clear();
      assert.ok(
        checks.some((c) => c.ok !== true && /write/i.test(c.name)),
        JSON.stringify(checks),
      );
      assert.ok(
        checks.some((c) => c.ok !== true && /Europe\/Brussels/.test(c.text)),
        JSON.stringify(checks),
      );
    });

    it('says that the instance does not answer', async () => {
      const made = createServiceNowClient({
        id: 'x',
        name: 'Gone',
        http: createHttpClient({
          name: 'Gone',
          baseUrl: 'http://127.0.0.1:9',
          auth: { kind: 'none' },
          timeout: PATIENCE,
          rateLimit: 0,
          concurrency: 1,
        }),
        entityTypes: TYPES,
        clock: Date.now,
      });
      const [first] = await made.test();
      assert.equal(first?.ok, false);
      made.close();
    });
  });
});
