import assert from 'node:assert/strict';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import type { GenericComment, Json } from '../../src/model/message.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { combine, type TransformationName } from '../faults/transformations.js';
import { until } from '../live/node-red.js';
import { REFERENCE } from './answers.js';
import { CASES } from './contract-cases.js';
import { Gateway, type GatewayBehaviour } from './gateway.js';

/* Tests every system’s client with a partner that changes what it stores, has long lists, odd pages and another clock. */

const FORMS: TransformationName[] = [
  'as it is',
  '? for emoji',
  'HTML in notes',
  'escaped notes',
  'prefix, wrapped',
  'CRLF, NFD, trimmed',
  'LF, NFC, trimmed',
];
const TEXT = `The line is down <again> & again 🔥, café “Zoë”\nSince ${'noon, and nobody knows why; '.repeat(6)}it is urgent.`;
const PARTNERS: Record<string, GatewayBehaviour> = {
  'gives short pages and does not count': { page: 10 },
  'refuses large pages': { most: 10 },
  'refuses what follows the end, 416': { past: 416 },
  'refuses what follows the end, 400': { past: 400 },
  'has a gateway whose clock is 20 minutes behind': { dates: -1_200_000 },
  'has a gateway whose clock is 20 minutes ahead': { dates: 1_200_000 },
};
const MANY = 25;
const LONG = 1_000;

const comment: GenericComment = { id: 'c1', text: TEXT, author: 'Ann', visibility: 'public' };

let sandbox: Sandbox;
let gateway: Gateway;
before(async () => {
  sandbox = await startSandbox();
  gateway = await Gateway.start(sandbox.url);
});
after(async () => {
  await gateway.close();
  await sandbox.close();
});

/** Those of the sandbox, in front of which the gateway is. */
for (const system of CASES.filter((one) => !one.standIn)) {
  const { entityType, fields } = system;

  describe(`${system.name}: a realistic partner`, () => {
    let client: EndpointClient;
    let id: string;
    let since: string;
    beforeEach(async () => {
      sandbox.reset();
      gateway.behaviour = {};
      since = new Date().toISOString();
      client = system.client(sandbox, gateway.url);
      id = client.parse((await client.create(entityType, fields, REFERENCE)).entity).source.id;
    });
    afterEach(() => client.close());

    const read = async () => client.parse(await client.read(entityType, id));
    const ids = async () => (await read()).comments.map((one) => one.id);
    /** A new process, which remembers nothing. */
    const restart = () => {
      client.close();
      client = system.client(sandbox, gateway.url);
    };
    const said = (text: string) => {
      const found = system.said(sandbox, id).find((one) => one.text === text);
      assert.ok(found, `nobody said ${text}`);
      return found;
    };

    for (const form of FORMS)
      it(`recognises a comment of ours, kept like this: ${form}`, async () => {
        system.says(sandbox, id, 'their text');
        const seen = await ids();
        await client.comment(entityType, id, comment, seen);
        said(TEXT).reword(combine(form).note?.(TEXT) ?? TEXT);
        restart();
        const found = await client.findComment(entityType, id, comment, since, seen);
        assert.ok(found, 'it would be written again');
        const fresh = (await ids()).filter((one) => !seen.includes(one));
        assert.deepEqual([found.id], fresh, 'it would come back as one of their comments');
      });

    it('does not take earlier comments for ours, with the same text or another', async () => {
      system.says(sandbox, id, TEXT);
      const seen = await ids();
      system.says(sandbox, id, 'their text');
      restart();
      assert.equal(await client.findComment(entityType, id, comment, since, seen), undefined);
    });

    it('shows a repeated text as another comment', async () => {
      system.says(sandbox, id, TEXT);
      system.says(sandbox, id, TEXT);
      assert.equal(new Set(await ids()).size, 2);
    });

    it(`shows the current state of what was edited and deleted${system.identifies ? ', each recognised by its id' : ''}`, async () => {
      for (const text of ['first', 'second', 'third']) system.says(sandbox, id, text);
      const idOf = new Map((await read()).comments.map((one) => [one.text, one.id]));
      said('second').reword('second, edited');
      said('third').remove();
      restart();
      const { comments } = await read();
      const shown = new Map(comments.map((one) => [one.text, one.id]));
      assert.deepEqual([...shown.keys()].sort(), ['first', 'second, edited']);
      if (system.identifies) assert.deepEqual([...shown.values()].sort(), [idOf.get('first'), idOf.get('second')].sort());
    });

    it('reports that a text was cut, and shows what the partner has', async () => {
      gateway.behaviour = { cut: 5 };
      const { dropped, entity } = await client.update(entityType, id, system.change);
      const [[field, sent]] = Object.entries(system.change) as [[string, Json]];
      const has = String(sent).slice(0, 5);
      assert.deepEqual(dropped, [{ field, sent, has }]);
      assert.equal(client.parse(entity).record[field], has);
    });

    it('reports that a long text was cut, even where an answer repeats what was sent', async () => {
      gateway.behaviour = { cut: 40, repeats: !system.answersAsKept };
      const [[field]] = Object.entries(system.change) as [[string, Json]];
      const sent = 'our long text, again, '.repeat(5);
      const { dropped, entity } = await client.update(entityType, id, { [field]: sent });
      assert.deepEqual(dropped, [{ field, sent, has: sent.slice(0, 40) }]);
      assert.equal(client.parse(entity).record[field], sent.slice(0, 40));
    });

    it('does not take another user’s later change for the result of our write', async () => {
      const [[field]] = Object.entries(system.change) as [[string, Json]];
      const other = system.client(sandbox, sandbox.url);
      const theirs = 'a long text by another user, written just afterwards';
      let isDone = false;
      gateway.behaviour = {
        meanwhile: () => other.update(entityType, id, { [field]: theirs }).then(() => (isDone = true)),
      };
      const sent = 'our long text, again, '.repeat(5);
      const { dropped, entity } = await client.update(entityType, id, { [field]: sent });
      other.close();
      assert.ok(isDone);
      const known = client.parse(entity);
      assert.deepEqual([dropped, known.record[field]], [[], sent]);
      const now = await read();
      assert.equal(now.record[field], theirs);
      assert.ok(!client.isOlder(now.source.version, known.source.version));
    });

    it('shows in the connection test how far the partner’s clock is from ours', async () => {
      gateway.behaviour = { dates: -1_200_000 };
      restart();
      const clock = (await client.test()).find(({ name }) => name === 'Clock');
      assert.match(clock?.text ?? '', /^It is 1(199|200|201) seconds behind ours/);
    });

    it(`reads a record with ${LONG} comments completely, and finds ours among them`, async () => {
      for (let i = 0; i < LONG; i++) system.says(sandbox, id, `No. ${i}`);
      const seen = await ids();
      assert.equal(new Set(seen).size, LONG);
      const written = await client.comment(entityType, id, comment, seen);
      restart();
      const found = await client.findComment(entityType, id, comment, since, seen);
      assert.deepEqual(found, { id: written.id });
      assert.equal((await ids()).length, LONG + 1);
    });

    for (const [what, behaviour] of Object.entries(PARTNERS))
      it(`misses nothing where the partner ${what}`, async () => {
        gateway.behaviour = behaviour;
        const others: string[] = [];
        for (let i = 0; i < MANY; i++) {
          const made = await client.create(entityType, fields, `SWB-OTHER${String(i).padStart(6, '0')}`);
          others.push(client.parse(made.entity).source.id);
        }
        restart();
        let { cursor } = await client.poll(entityType, undefined);
        const found = new Set<string>();
        const poll = async () => {
          for (let more = true; more; ) {
            const step = await client.poll(entityType, cursor);
            for (const hint of step.hints) found.add(hint.id);
            ({ cursor, more } = step);
          }
        };
        for (const other of others) {
          system.says(sandbox, other, `About ${other}`);
          if (Number(others.indexOf(other)) % 10 === 0) await poll();
        }
        await until('the change of each', async () => {
          await poll();
          return others.every((other) => found.has(other));
        });
        for (let i = 0; i < MANY; i++) system.says(sandbox, id, `No. ${i}`);
        restart();
        assert.equal((await ids()).length, MANY);
        assert.equal(client.parse((await client.find?.(entityType, REFERENCE)) ?? {}).source.id, id);
      });
  });
}
