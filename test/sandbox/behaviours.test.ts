import assert from 'node:assert/strict';
import type { Behaviour } from '../../src/sandbox/behaviours.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { until } from '../live/node-red.js';
import { ask, PARTNERS, type Partner } from './partners.js';

/** Longer than any test takes. */
const LASTING = 3_600_000;
const REFERENCE = 'SWB-TEST00000001';

let sandbox: Sandbox;
before(async () => {
  sandbox = await startSandbox();
});
after(() => sandbox.close());

for (const partner of PARTNERS) {
  describe(`the behaviours of ${partner.name}`, () => {
    beforeEach(() => sandbox.reset());
    const desk = () => partner.desk(sandbox).behaviours;
    const go = (method: string, path?: string, body?: unknown, signal?: AbortSignal) =>
      ask(sandbox, partner, method, path, body, signal);
    const create = async (reference = REFERENCE) =>
      partner.id(partner.record((await go('POST', '', partner.body(reference))).body));
    const all = async () => {
      const { status, body } = await go('GET');
      return status === 404 ? [] : partner.list(body).map(partner.id);
    };
    const change = (id: string, value: string) => go('PATCH', `/${id}`, { ...v5(partner), [partner.changes]: value });
    const value = async (id: string) => partner.record((await go('GET', `/${id}`)).body)[partner.changes];
    const only = (behaviour: Behaviour) => {
      desk().clear();
      desk().add(behaviour);
    };

    for (const [kind, path] of [
      ['list', () => ''],
      ['read', (id: string) => `/${id}`],
    ] as const) {
      it(`replace the answer to a ${kind} request with that of a proxy or gateway`, async () => {
        const id = await create();
        const error = /^(servicenow|csm)$/.test(partner.name)
          ? { error: { message: 'Transaction cancelled: maximum execution time exceeded', detail: '' }, status: 'failure' }
          : { code: '60', reason: 'try later' };
        const beside = 'error' in error ? { result: [], ...error } : { ...error, items: [] };
        const answers: [Behaviour['name'], number, unknown][] = [
          ['accepted', 202, {}],
          ['empty', 200, ''],
          ['noContent', 204, ''],
          ['emptyObject', 200, {}],
          ['errorObject', 200, error],
          ['errorBeside', 200, beside],
          ['gatewayNotFoundJson', 404, { message: 'no Route matched with those values' }],
        ];
        for (const [name, status, body] of answers) {
          only({ name, kind });
          const answer = await go('GET', path(id));
          assert.deepEqual([answer.status, answer.body], [status, body], name);
        }
        for (const [name, status] of [
          ['html', 200],
          ['gatewayNotFound', 404],
        ] as const) {
          only({ name, kind });
          const answer = await go('GET', path(id));
          assert.deepEqual([answer.status, answer.type], [status, 'text/html;charset=utf-8']);
        }
        const other = kind === 'list' ? await value(id) : await all();
        assert.ok(other, 'the other kind is answered as ever');
        assert.equal((await change(id, 'y')).status, 200);
        desk().clear();
        assert.equal(await value(id), 'y');
      });
    }

    it('wrap a list, and return a single entry without its list', async () => {
      const id = await create();
      only({ name: 'wrapped' });
      const wrapped = (await go('GET')).body as { items: Record<string, unknown>[]; total: number };
      assert.deepEqual([wrapped.items.map(partner.id), wrapped.total], [[id], 1]);
      only({ name: 'lone' });
      assert.equal(partner.id(partner.record((await go('GET')).body)), id);
      await create('SWB-TEST00000002');
      assert.equal((await all()).length, 2);
    });

    it('show new records only after a while', async () => {
      const id = await create();
      only({ name: 'lag', ms: LASTING });
      assert.deepEqual(await all(), []);
      assert.equal(await value(id), 'x', 'it is there, only not in lists');
      only({ name: 'lateRecord', ms: LASTING });
      assert.deepEqual(await all(), [id]);
      const missing = await go('GET', `/${id}`);
      desk().clear();
      const nobody = await go('GET', `/${'f'.repeat(32)}`);
      assert.equal(missing.text, nobody.text.replaceAll('f'.repeat(32), id));
      for (const name of ['lag', 'lateRecord'] as const) {
        only({ name, ms: 1 });
        await until(name, async () => (await all()).includes(id) && (await go('GET', `/${id}`)).status === 200);
      }
    });

    it('return another record', async () => {
      const id = await create();
      only({ name: 'otherRecord', kind: 'read' });
      assert.equal(partner.id(partner.record((await go('GET', `/${id}`)).body)), 'someone-else');
      const other = await create('SWB-TEST00000002');
      assert.equal(partner.id(partner.record((await go('GET', `/${id}`)).body)), other);
      only({ name: 'otherRecord', kind: 'change' });
      assert.equal(partner.id(partner.record((await change(id, 'y')).body)), other);
      assert.equal(await value(id), 'y');
    });

    it('return a part with status 206', async () => {
      const id = await create();
      only({ name: 'part', kind: 'list' });
      const { status, body } = await go('GET');
      assert.deepEqual([status, partner.list(body)], [206, []]);
      only({ name: 'part', kind: 'read' });
      const one = await go('GET', `/${id}`);
      assert.deepEqual([one.status, partner.id(partner.record(one.body))], [206, id]);
    });

    it('return only ids', async () => {
      const id = await create();
      only({ name: 'stubs' });
      assert.deepEqual(partner.list((await go('GET')).body).map(stub), [[id]]);
      only({ name: 'stub' });
      assert.deepEqual(stub(partner.record((await go('GET', `/${id}`)).body)), [id]);
      assert.deepEqual(stub(partner.record((await change(id, 'y')).body)), [id]);
      assert.equal((await change(id, 'y')).status, 200);
      only({ name: 'doneStub' });
      assert.deepEqual(stub(partner.record((await change(id, 'z')).body)), [id]);
      desk().clear();
      assert.equal(await value(id), 'z');
    });

    it('return a record without its lists', async () => {
      const id = await create();
      only({ name: 'listless' });
      const record = partner.record((await go('GET', `/${id}`)).body);
      assert.deepEqual(
        Object.values(record).filter((attribute) => Array.isArray(attribute)),
        [],
      );
      only({ name: 'shorter' });
      const shorter = partner.record((await go('GET', `/${id}`)).body);
      desk().clear();
      const whole = partner.record((await go('GET', `/${id}`)).body);
      for (const [name, list] of Object.entries(whole)) {
        if (Array.isArray(list)) assert.deepEqual(shorter[name], list.slice(0, -1));
      }
    });

    it('confirm a change without executing it', async () => {
      const id = await create();
      for (const [name, status] of [
        ['unchanged', 200],
        ['noContent', 204],
      ] as const) {
        only({ name, kind: 'change' });
        assert.equal((await change(id, 'y')).status, status);
        desk().clear();
        assert.equal(await value(id), 'x');
      }
      only({ name: 'doneNoContent' });
      assert.equal((await change(id, 'y')).status, 204);
      assert.equal(await value(id), 'y');
    });

    it('confirm a create with another record, or drop it', async () => {
      const id = await create();
      only({ name: 'otherMade' });
      const other = await go('POST', '', partner.body('SWB-TEST00000002'));
      assert.deepEqual([other.status, partner.id(partner.record(other.body))], [201, id]);
      only({ name: 'acceptedRecord' });
      const taken = await go('POST', '', partner.body('SWB-TEST00000002'));
      assert.equal(taken.status, 202);
      assert.match(taken.text, /SWB-TEST00000002/);
      assert.deepEqual(await all(), [id]);
    });

    it('return a past state', async () => {
      const id = await create();
      only({ name: 'stale', ms: LASTING });
      await change(id, 'y');
      await change(id, 'z');
      assert.equal(await value(id), 'x');
      desk().add({ name: 'noContent', kind: 'read', path: 'nowhere' });
      assert.equal(await value(id), 'x');
      desk().clear();
      assert.equal(await value(id), 'z');
      only({ name: 'stale', ms: 1 });
      await change(id, 'now');
      await until('the present', async () => (await value(id)) === 'now');
    });

    it('accept a create as a job, and execute or drop it', async () => {
      for (const [name, made] of [
        ['acceptedJob', 1],
        ['acceptedDropped', 0],
      ] as const) {
        sandbox.reset();
        only({ name });
        const { status, location, body } = await go('POST', '', partner.body(REFERENCE));
        const job = body as { id: string; state: string };
        assert.deepEqual([status, location, job.state], [202, `/monitor/${job.id}`, 'inProgress']);
        const ids = await all();
        assert.deepEqual([ids.length, ids.includes(job.id)], [made, false]);
      }
    });

    it('return an error with status 200, executed or not', async () => {
      const id = await create();
      for (const [name, made, now] of [
        ['okError', 1, 'x'],
        ['doneError', 2, 'y'],
      ] as const) {
        only({ name });
        for (const answer of [await go('POST', '', partner.body('SWB-TEST00000002')), await change(id, 'y')])
          assert.ok(answer.status === 200 && /try later|cancelled/.test(answer.text), answer.text);
        assert.deepEqual([(await all()).length, await value(id)], [made, now], name);
      }
    });

    it('accept a change and drop it', async () => {
      const id = await create();
      only({ name: 'accepted', kind: 'change' });
      assert.deepEqual([(await change(id, 'y')).status, await value(id)], [202, 'x']);
    });

    it('keep rejections of the API unchanged', async () => {
      for (const name of ['acceptedJob', 'doneError'] as const) {
        only({ name });
        const { status } = await go('POST', '/nowhere/at/all', {});
        assert.ok(status >= 400, `${name}: ${status}`);
      }
    });

    it('execute a request late, without an answer', async () => {
      const id = await create();
      desk().add({ name: 'late', ms: 50 });
      for (const [method, path, body] of [
        ['POST', '', partner.body('SWB-TEST00000002')],
        ['PATCH', `/${id}`, { ...v5(partner), [partner.changes]: 'y' }],
      ] as const) {
        const met = desk().applied;
        const caller = new AbortController();
        const answer = go(method, path, body, caller.signal);
        await until('the request', () => desk().applied > met);
        caller.abort();
        await assert.rejects(answer, { name: 'AbortError' });
      }
      await until('what was asked for', async () => (await all()).length === 2 && (await value(id)) === 'y');
    });

    it('detect a known reference', async () => {
      const id = await create();
      only({ name: 'doneConflict' });
      const again = await go('POST', '', partner.body(REFERENCE));
      assert.equal(again.status, 409);
      assert.match(again.text, /already exists/);
      assert.deepEqual(await all(), [id]);
      assert.equal((await go('POST', '', partner.body('SWB-TEST00000002'))).status, 201);
    });
  });
}

function v5({ name }: Partner): Record<string, string> {
  if (name === 'tmf5') return { '@type': 'TroubleTicket' };
  return name === 'orders5' ? { '@type': 'ProductOrder' } : {};
}

function stub(record: Record<string, unknown>): unknown[] {
  return Object.values(record);
}
