import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessageRecord } from '../../src/store/store.js';
import { Rig } from './rig.js';

describe('what reached nobody', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-nobody-'));
    rig = await new Rig(folder).start();
    rig.customer.tickets.push({ id: 'A', fields: { title: 'one' }, comments: [], files: [], version: 1 });
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The flow leads to these endpoints only. */
  const lead = (...to: string[]) => {
    rig.flow = (payload, record) =>
      rig.forward(payload, record, to.includes(record.endpoint === 'customer' ? 'provider' : 'customer') ? ['out'] : []);
  };
  const receive = async (...what: Parameters<Rig['receive']>) => {
    await rig.receive(...what);
    await rig.idle();
  };
  const unrouted = async () => (await rig.messages()).filter(({ outcome }) => outcome === 'unrouted');
  const replay = async (messages: MessageRecord[]) => {
    for (const { id } of messages.toReversed()) {
      await rig.broker.interventions.replayMessage(id, { name: '' });
      await rig.idle();
    }
  };

  describe('an answer with news of others', () => {
    beforeEach(async () => {
      rig.answers = true;
      await receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      lead('provider');
      const [ticket] = rig.provider.tickets;
      Object.assign(ticket!, { fields: { ...ticket!.fields, state: 'held' }, version: 2 });
      ticket!.comments.push('from the provider');
    });

    it('uses up none of them', async () => {
      await receive('provider', {
        id: 'T1',
        version: '2',
        fields: { title: 'one', state: 'held' },
        comments: ['from the provider'],
      });
      await receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
      lead('provider', 'customer');
      await replay(await unrouted());
      assert.deepEqual(rig.customer.tickets[0]?.comments, ['from the provider']);
      assert.equal(rig.customer.tickets[0]?.fields.state, 'held');
    });

    it('is unrouted itself, because nothing else may report them', async () => {
      await receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
      const [answer, ...others] = await unrouted();
      assert.deepEqual([answer?.origin, others], ['answer', []]);
      lead('provider', 'customer');
      await replay([answer!]);
      assert.deepEqual(rig.customer.tickets[0]?.comments, ['from the provider']);
    });
  });

  it('is no alarm where an answer says only what we wrote', async () => {
    rig.answers = true;
    lead('provider');
    await receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
    assert.deepEqual(await unrouted(), []);
  });

  it('is no alarm any more once a later message has taken it along', async () => {
    lead();
    await receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await receive('customer', { id: 'A', version: '2', fields: { title: 'one' }, comments: ['first'] });
    await receive('customer', { id: 'B', version: '1', fields: { title: 'other' } });
    lead('provider');
    await receive('customer', { id: 'A', version: '3', fields: { title: 'one', state: 'held' }, comments: ['first'] });
    assert.deepEqual(rig.provider.tickets[0]?.comments, ['first']);
    assert.deepEqual(
      (await unrouted()).map(({ entityId }) => entityId),
      ['B'],
    );
    const [, , , oldest] = await rig.messages();
    assert.deepEqual([oldest?.outcome, oldest?.reason], ['ignored', 'Its content went out with a later message.']);
  });

  describe('what a flow dropped on purpose', () => {
    beforeEach(async () => {
      await receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      lead();
      rig.dropped = 'Assigned to another provider.';
    });
    const wantAgain = () => {
      rig.dropped = undefined;
      lead('provider', 'customer');
    };

    it('goes out with the next message that it does not drop', async () => {
      const fields = { title: 'two', state: 'held' };
      await receive('customer', { id: 'A', version: '2', fields, comments: ['meanwhile'], attachments: ['log'] });
      assert.deepEqual(await unrouted(), []);
      wantAgain();
      await receive('customer', {
        id: 'A',
        version: '3',
        fields: { ...fields, group: 'ours' },
        comments: ['meanwhile'],
        attachments: ['log'],
      });
      const [ticket] = rig.provider.tickets;
      assert.deepEqual(ticket?.fields, { ...fields, group: 'ours' });
      assert.deepEqual([ticket?.comments, ticket?.files.length], [['meanwhile'], 1]);
    });

    it('keeps no conversation open whose records are closed', async () => {
      await receive('provider', { id: 'T1', version: '2', fields: { title: 'one', state: 'closed' } });
      await receive('customer', { id: 'A', version: '2', fields: { title: 'one', state: 'closed' } });
      assert.equal((await rig.store.counts()).conversations.open, 0);
    });
  });
});
