import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../live/node-red.js';
import { type Payload, Rig } from './rig.js';

const NOBODY = { name: '' };
const BEFORE = '2026-01-01T08:00:00.000Z';

describe('a store that was lost, replaced or restored', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-restored-'));
    rig = new Rig(join(folder, 'original'));
    rig.customer.tickets.push({ id: 'A', fields: {}, comments: [], files: [], version: 1 });
    await rig.start();
  });
  afterEach(async () => {
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  const ticket = (more: Partial<Payload> = {}): Payload => ({
    id: 'A',
    version: '1',
    createdAt: BEFORE,
    fields: { title: 'no dial tone', state: 'acknowledged' },
    notes: [['c1', 'since this morning']],
    attachments: ['plan.txt'],
    ...more,
  });
  const report = async (from: 'customer' | 'provider', payload: Payload) => {
    await rig.receive(from, payload);
    await rig.idle();
  };
  const calls = (name: string) => rig.provider.calls.filter((call) => call.startsWith(name)).length;
  const opened = () => rig.provider.tickets[0]!;

  /** The same partners, with another store. */
  async function restart(name: string, restored?: string): Promise<void> {
    await rig.stop();
    const { customer, provider } = rig;
    provider.calls.length = 0;
    rig = Object.assign(new Rig(join(folder, name)), { customer, provider, restored });
    await rig.start();
  }

  describe('and replaced by an empty one', () => {
    it('finds the ticket, its comment and its file at the provider, and goes on with its updates', async () => {
      await report('customer', ticket());
      assert.deepEqual([calls('create'), calls('comment'), calls('attach')], [1, 1, 1]);
      await restart('empty');
      await report('customer', ticket());
      assert.deepEqual([calls('create'), calls('comment'), calls('attach')], [0, 0, 0]);
      assert.deepEqual([rig.provider.tickets.length, opened().comments, opened().files.length], [1, ['since this morning'], 1]);
      const [create] = (await rig.deliveries()).filter(({ creates }) => creates);
      assert.match(create?.attempts.at(-1)?.what ?? '', /^found T1 by our reference/);
      assert.equal(create?.tries, 1, 'there was no doubt to wait for');

      await report('customer', ticket({ version: '2', fields: { title: 'no dial tone', state: 'inProgress' } }));
      assert.equal(opened().fields.state, 'inProgress');
      const notes: [string, string][] = [
        ['c1', 'since this morning'],
        ['c2', 'any news?'],
      ];
      await report('customer', ticket({ version: '3', fields: { title: 'no dial tone', state: 'inProgress' }, notes }));
      assert.deepEqual(opened().comments, ['since this morning', 'any news?']);
      const { reference } = opened();
      await report('provider', { id: 'T1', version: '9', reference, fields: { title: 'no dial tone', state: 'resolved' } });
      assert.equal(rig.customer.tickets[0]?.fields.state, 'resolved');
    });

    it('overwrites neither side where they differ, and says so', async () => {
      await report('customer', ticket());
      opened().fields.title = 'line card replaced';
      await restart('empty');
      await report('customer', ticket());
      assert.equal(opened().fields.title, 'line card replaced');
      const [create] = (await rig.deliveries()).filter(({ creates }) => creates);
      assert.match(create?.error?.message ?? '', /T1 at provider was created before this store, and differs in title\./);
    });

    it('continues with what the provider reported first, once the customer’s ticket is known again', async () => {
      await report('customer', ticket());
      await restart('empty');
      const { reference } = opened();
      const notes: [string, string][] = [
        ['n1', 'since this morning'],
        ['n2', 'a technician is on the way'],
        ['n3', 'the technician has arrived'],
      ];
      // Passed on by the lost store.
      rig.customer.tickets[0]!.comments.push('a technician is on the way');
      const fields = { title: 'no dial tone', state: 'inProgress' };
      await report('provider', { id: 'T1', version: '7', reference, fields, notes });
      const [waiting] = await rig.messages();
      assert.deepEqual([waiting?.state, waiting?.decision], ['needsDecision', 'wrongEntity']);
      assert.match(waiting?.error?.message ?? '', /T1 has our reference .*This store knows nothing from before 20/);
      opened().comments.push('a technician is on the way', 'the technician has arrived');
      // The customer's ticket shows it among the first things that this store sees of it.
      await report(
        'customer',
        ticket({
          notes: [
            ['c1', 'since this morning'],
            ['n0', 'a technician is on the way'],
          ],
        }),
      );
      await until('the customer to know', () => rig.customer.tickets[0]?.fields.state === 'inProgress');
      await rig.idle();
      // Neither its own comment nor one that it has already.
      assert.deepEqual(rig.customer.tickets[0]?.comments, ['a technician is on the way', 'the technician has arrived']);
      assert.equal((await rig.store.counts()).messages.needsDecision, 0);
      assert.equal(rig.provider.tickets.length, 1);
    });

    it('writes a comment with the words of another one that this store has passed on from there', async () => {
      await report('customer', ticket());
      const { reference } = opened();
      opened().comments.push('ok');
      const notes: [string, string][] = [
        ['n0', 'since this morning'],
        ['n1', 'ok'],
      ];
      await report('provider', { id: 'T1', version: '9', reference, fields: ticket().fields, notes });
      assert.deepEqual(rig.customer.tickets[0]?.comments, ['ok']);
      const said: [string, string][] = [
        ['c1', 'since this morning'],
        // Ours, then the customer's own.
        ['c2', 'ok'],
        ['c3', 'ok'],
      ];
      await report('customer', ticket({ version: '2', notes: said }));
      assert.deepEqual(opened().comments, ['since this morning', 'ok', 'ok']);
    });

    it('creates what the provider does not have, without waiting', async () => {
      rig.settling = 600_000;
      await report('customer', ticket());
      assert.deepEqual([calls('find'), calls('create'), rig.provider.tickets.length], [1, 1, 1]);
    });

    it('creates it also where nothing can be looked up: a new store is no sign of a loss', async () => {
      rig.provider.find = undefined;
      await report('customer', ticket());
      assert.equal(rig.provider.tickets.length, 1);
    });

    it('does not look up what began later', async () => {
      await report('customer', ticket({ createdAt: new Date(Date.now() + 2 * 86_400_000).toISOString() }));
      assert.deepEqual([calls('find'), calls('create')], [0, 1]);
    });
  });

  describe('and restored from an older copy', () => {
    const copyStore = () => {
      cpSync(join(folder, 'original'), join(folder, 'copy'), { recursive: true });
      rmSync(join(folder, 'copy', 'lock'), { force: true });
    };

    /** A copy of the store while its deliveries wait; then the original sends them. */
    async function copied(payload: Payload): Promise<void> {
      await rig.broker.interventions.suspend('provider', '', NOBODY);
      await rig.receive('customer', payload);
      await until('the delivery to wait', async () => {
        const { messages, deliveries } = await rig.store.counts();
        return messages.received === 0 && deliveries.pending > 0;
      });
      copyStore();
      await rig.broker.interventions.resume('provider', NOBODY);
      await rig.idle();
    }
    const restore = async () => {
      await restart('copy', new Date(Date.now() + 1).toISOString());
      await rig.broker.interventions.resume('provider', NOBODY);
    };

    it('sends nothing twice of what waited when the copy was made', async () => {
      await copied(ticket());
      assert.deepEqual([rig.provider.tickets.length, opened().comments.length, opened().files.length], [1, 1, 1]);
      rig.settling = 600_000;
      await restore();
      await rig.idle();
      assert.deepEqual([calls('create'), calls('comment'), calls('attach')], [0, 0, 0]);
      const { reference } = opened();
      await report('provider', { id: 'T1', version: '9', reference, fields: { title: 'no dial tone', state: 'resolved' } });
      assert.equal(rig.customer.tickets[0]?.fields.state, 'resolved');
    });

    /** A copy of the store while a message is in its flow; then the original sends what comes of it. */
    async function copiedInFlow(payload: Payload): Promise<void> {
      const { flow } = rig;
      let release: (() => void) | undefined;
      rig.flow = async (...message) => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        await flow(...message);
      };
      await rig.receive('customer', payload);
      await until('the message to be in its flow', () => release !== undefined);
      copyStore();
      release?.();
      await rig.idle();
    }

    for (const [what, copy] of [
      ['delivery', copied],
      ['message', copiedInFlow],
    ] as const)
      it(`does not request a cancellation again whose ${what} waited when the copy was made`, async () => {
        const provider = Object.assign(rig.provider, {
          findCancellation: async (_type: string, id: string) =>
            rig.provider.tickets.some((one) => one.id === id && one.fields.state === 'cancelled')
              ? ('requested' as const)
              : undefined,
        });
        await report('customer', ticket());
        await copy(ticket({ version: '2', fields: { title: 'no dial tone', state: 'cancelled' } }));
        assert.equal(calls('update'), 1);
        await restore();
        await rig.idle();
        assert.equal(calls('update'), 0);
        assert.equal(provider.tickets[0]?.fields.state, 'cancelled');
        const [cancelled] = await rig.deliveries();
        assert.match(cancelled?.attempts.at(-1)?.what ?? '', /found the cancellation/);
      });

    it('asks a user where nothing can be looked up', async () => {
      rig.provider.find = undefined;
      await copied(ticket({ notes: [], attachments: [] }));
      await restore();
      await until('the question', async () => (await rig.store.counts()).deliveries.needsDecision === 1);
      assert.equal(rig.provider.tickets.length, 1);
      const [asked] = await rig.deliveries();
      assert.equal(asked?.decision, 'unresolved');
    });

    it('asks also about a ticket that is new to the copy, and creates it if the user says so', async () => {
      await report('customer', ticket({ id: 'B', notes: [], attachments: [] }));
      const since = new Date(Date.now() + 1).toISOString();
      rig.provider.find = undefined;
      await restart('empty', since);
      await report('customer', ticket({ notes: [], attachments: [] }));
      const [asked] = await rig.deliveries();
      assert.deepEqual([asked?.state, asked?.decision], ['needsDecision', 'unresolved']);
      assert.match(
        asked?.error?.message ?? '',
        /The store was restored from an older copy, and a troubleTicket with our reference SWB-/,
      );
      await rig.broker.interventions.sendAgain(asked!.id, NOBODY);
      await rig.idle();
      assert.equal(rig.provider.tickets.length, 2);
    });
  });
});
