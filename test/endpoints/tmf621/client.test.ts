import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTmf621Client, type Tmf621Client } from '../../../src/endpoints/tmf621/client.js';
import { createHttpClient } from '../../../src/http/http-client.js';
import type { Json } from '../../../src/model/message.js';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js';
import { until } from '../../live/node-red.js';
import { PATIENCE } from '../../patience.js';

const REFERENCE = 'SWB-TEST00000001';

for (const version of ['v4', 'v5'] as const) {
  for (const arrayMode of ['replace', 'jsonPatch'] as const) {
    describe(`a TMF621 ${version} provider, lists by ${arrayMode}`, () => {
      let sandbox: Sandbox;
      let client: Tmf621Client;
      before(async () => {
        sandbox = await startSandbox();
      });
      after(() => sandbox.close());
      const connect = () => {
        const { SANDBOX_TMF_CLIENT_ID: clientId = '', SANDBOX_TMF_CLIENT_SECRET: clientSecret = '' } = sandbox.environment;
        return createTmf621Client({
          id: 'p',
          name: 'North',
          http: createHttpClient({
            name: 'North',
            baseUrl: `${sandbox.url}/tmf${version.slice(1)}`,
            auth: { kind: 'oauthClientCredentials', tokenUrl: `${sandbox.url}/oauth/token`, clientId, clientSecret },
            timeout: PATIENCE,
            rateLimit: 0,
            concurrency: 8,
          }),
          version,
          profile: 'standard',
          arrayMode,
          clock: Date.now,
        });
      };
      beforeEach(() => {
        sandbox.reset();
        client = connect();
      });
      afterEach(() => client.close());
      const desk = () => sandbox.tmf(version);
      const ticket: Record<string, Json> = {
        name: 'x',
        description: 'long x',
        severity: 'Minor',
        ticketType: 'incident',
        ...(version === 'v5' && { '@type': 'TroubleTicket' }),
      };
      const create = async () => client.parse((await client.create('troubleTicket', ticket, REFERENCE)).entity).source;

      it('changes and deletes notes where that touches no other note', async () => {
        const { id } = await create();
        const write = (n: number) =>
          client.comment('troubleTicket', id, { id: `c${n}`, text: `note ${n}`, visibility: 'public' });
        const [first, second] = [await write(1), await write(2)];
        const texts = async () => client.parse(await client.read('troubleTicket', id)).comments.map(({ text }) => text);
        const words = { id: 'c1', text: 'other words', visibility: 'public' as const };
        const isOne = arrayMode === 'jsonPatch';
        assert.equal(await client.rewordComment!('troubleTicket', id, first.id ?? '', words), isOne);
        assert.deepEqual(await texts(), [isOne ? 'other words' : 'note 1', 'note 2']);
        assert.equal(await client.removeComment!('troubleTicket', id, second.id ?? ''), isOne);
        assert.equal(await client.removeComment!('troubleTicket', id, second.id ?? ''), isOne);
        assert.deepEqual(await texts(), isOne ? ['other words'] : ['note 1', 'note 2']);
      });

      it('accepts a create with our reference, by which the ticket is found', async () => {
        const source = await create();
        assert.equal(source.reference, REFERENCE);
        const found = await client.find('troubleTicket', REFERENCE);
        assert.equal(found && client.parse(found).source.id, source.id);
        assert.equal(await client.find('troubleTicket', 'SWB-NOBODY'), undefined);
      });

      it('does not receive a create that it would refuse', async () => {
        const posts = () => desk().requests.filter((r) => r.method === 'POST' && r.path.endsWith('/troubleTicket')).length;
        const { ticketType: _, ...lacking } = ticket;
        await assert.rejects(client.create('troubleTicket', lacking, REFERENCE), { code: 'SWB_PAYLOAD', message: /ticketType/ });
        assert.equal(posts(), 0);
      });

      it('accepts a change of the given attributes, and does not receive those that cannot be changed', async () => {
        const { id } = await create();
        await client.update('troubleTicket', id, { status: 'inProgress', creationDate: '2020-01-01T00:00:00.000Z' });
        assert.equal(desk().ticket(id)?.status, 'inProgress');
        assert.equal(desk().ticket(id)?.name, 'x');
        assert.notEqual(desk().ticket(id)?.creationDate, '2020-01-01T00:00:00.000Z');
      });

      it('accepts notes, each once, from several writers at the same time', async () => {
        const { id } = await create();
        desk().addNote(id, 'theirs', 'noc');
        const comments = Array.from({ length: 5 }, (_, i) => ({
          id: `c${i}`,
          text: `words ${i}`,
          author: 'Ann',
          visibility: 'public' as const,
        }));
        await Promise.all(comments.map((comment) => client.comment('troubleTicket', id, comment)));
        const notes = desk().ticket(id)?.note ?? [];
        const texts = (notes as { text: string }[]).map((n) => n.text).sort();
        assert.deepEqual(texts, ['theirs', ...comments.map((c) => c.text)].sort());
        assert.ok(await client.findComment('troubleTicket', id, comments[0]!, new Date(0).toISOString()));
        assert.equal(
          await client.findComment(
            'troubleTicket',
            id,
            { ...comments[0]!, id: 'other', text: 'never said' },
            new Date(0).toISOString(),
          ),
          undefined,
        );
      });

      it('does not receive a list without the entries that were seen before this process started', async () => {
        const { id } = await create();
        desk().addNote(id, 'theirs', 'noc');
        const notes = () => (desk().ticket(id)?.note ?? []) as { id: string; text: string }[];
        const later = connect();
        desk().behaviours.add({ name: 'shorter', kind: 'read' });
        const comment = { id: 'c1', text: 'ours', visibility: 'public' as const };
        const writing = later.comment('troubleTicket', id, comment, [notes()[0]!.id]);
        if (arrayMode === 'replace')
          await assert.rejects(writing, { code: 'SWB_PARTNER_ANSWER', outcome: 'notDone', concernsRecord: true });
        else await writing;
        assert.equal(notes()[0]?.text, 'theirs');
        later.close();
      });

      it('adds files to those it has, and returns them byte for byte', async () => {
        const folder = mkdtempSync(join(tmpdir(), 'switchboard-file-'));
        try {
          const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 251));
          const path = join(folder, 'f');
          writeFileSync(path, bytes);
          const { id } = await create();
          desk().attach(id, 'theirs.txt', 'text/plain', Buffer.from('theirs'));
          const hash = createHash('sha256').update(bytes).digest('hex');
          const file = { id: 'f1', name: 'ours.bin', mimeType: 'application/octet-stream', path, size: bytes.length, hash };
          assert.equal(await client.findAttachment('troubleTicket', id, file, ''), undefined);
          desk().attach(id, 'ours.bin', 'application/octet-stream', Buffer.from(bytes).fill(7));
          assert.equal(
            await client.findAttachment('troubleTicket', id, file, ''),
            undefined,
            'another of the same name and size',
          );
          await client.attach('troubleTicket', id, file);
          assert.ok(await client.findAttachment('troubleTicket', id, file, ''));
          const raw = await client.read('troubleTicket', id);
          assert.ok(!JSON.stringify(raw).includes(bytes.toString('base64').slice(0, 200)), 'a read does not carry bytes along');
          const { attachments } = client.parse(raw);
          assert.deepEqual(attachments.map((a) => a.name).sort(), ['ours.bin', 'ours.bin', 'theirs.txt']);
          const expected = { theirs: Buffer.from('theirs'), others: Buffer.from(bytes).fill(7), ours: bytes };
          for (const [index, content] of Object.values(expected).entries()) {
            const chunks: Buffer[] = [];
            for await (const chunk of await client.download('troubleTicket', id, attachments[index]!))
              chunks.push(chunk as Buffer);
            assert.deepEqual(Buffer.concat(chunks), content);
          }
        } finally {
          rmSync(folder, { recursive: true });
        }
      });

      it('that answers 201 without a body is read at the location it gives, or searched', async () => {
        desk().faults.add({ method: 'POST', path: '/troubleTicket', kind: 'no-body', times: 1 });
        const outcome = await client
          .create('troubleTicket', ticket, REFERENCE)
          .catch((error: { outcome: string }) => error.outcome);
        if (typeof outcome === 'string') assert.equal(outcome, 'unknown');
        const found = await client.find('troubleTicket', REFERENCE);
        assert.ok(found, 'it was made, once');
      });

      it('has a hub: registered once, and unregistered', async () => {
        const { id = '' } = await client.registerHub('http://127.0.0.1:9/callback/secret');
        assert.equal(desk().hubs().length, 1);
        assert.equal(await client.hubExists(id), version === 'v5' ? true : undefined);
        await client.unregisterHub(id);
        await client.unregisterHub(id);
        assert.equal(desk().hubs().length, 0);
      });

      it('returns each change since the last poll', async () => {
        await create();
        const first = await client.poll('troubleTicket', undefined);
        assert.deepEqual(first.hints, []);
        const { id } = desk().create({ ...ticket, name: 'new' }) as { id: string };
        let cursor = first.cursor;
        const seen = new Set<string>();
        await until('the change', async () => {
          const step = await client.poll('troubleTicket', cursor);
          cursor = step.cursor;
          for (const hint of step.hints) seen.add(hint.id);
          return seen.has(String(id));
        });
      });

      it('explains the result of the connection test', async () => {
        const checks = await client.test();
        assert.deepEqual(
          checks.filter((c) => c.ok === false),
          [],
        );
        assert.ok(checks.length >= 4);
      });
    });
  }
}
