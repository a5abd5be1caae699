import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessageRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { Rig } from './rig.js';

const ANNA = { name: 'anna' };

describe('skipping an unrouted message', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-skip-'));
    rig = await new Rig(folder).start();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const hands = () => rig.broker.interventions;
  const unrouted = async () => (await rig.store.counts()).unrouted;
  /** The flow that loses everything after correlation. */
  const lose = () => {
    rig.flow = (payload, record) => rig.forward(payload, record, []);
  };
  const repair = () => {
    rig.flow = (payload, record) => rig.forward(payload, record);
  };
  const receiveUnrouted = async (notes: [string, string][] = [['n1', 'not for the provider']]): Promise<MessageRecord> => {
    lose();
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two' }, notes });
    const found = await until('the unrouted message', async () =>
      (await rig.messages()).find(({ state, outcome }) => state === 'settled' && outcome === 'unrouted'),
    );
    repair();
    return found;
  };
  const deliverFirst = async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.idle();
  };
  /** An unrouted update of a ticket that is at the provider, which a user has skipped. */
  const skippedUpdate = async (): Promise<MessageRecord> => {
    await deliverFirst();
    const lost = await receiveUnrouted();
    await hands().skipMessage(lost.id, '', ANNA);
    return lost;
  };
  const texts = () => rig.provider.tickets[0]?.comments.map((one) => (one as { text?: string }).text ?? one);

  it('counts no longer, is audited with its reason, and can be undone', async () => {
    const lost = await receiveUnrouted();
    assert.equal(await unrouted(), 1);
    await hands().skipMessage(lost.id, 'A test ticket.', ANNA);
    const skipped = (await rig.store.message(lost.id))!;
    assert.deepEqual([skipped.state, skipped.outcome, skipped.reason], ['skipped', undefined, 'A test ticket.']);
    assert.equal(await unrouted(), 0);
    const [entry] = await rig.broker.audit.list(1);
    assert.deepEqual([entry?.by, entry?.action, entry?.reason], ['anna', 'skip', 'A test ticket.']);
    await hands().undoMessage(lost.id, ANNA);
    const back = (await rig.store.message(lost.id))!;
    assert.deepEqual([back.state, back.outcome, back.reason, await unrouted()], ['settled', 'unrouted', lost.reason, 1]);
  });

  it('keeps back its comments for good, while the fields are sent with the next message', async () => {
    await skippedUpdate();
    const notes: [string, string][] = [
      ['n1', 'not for the provider'],
      ['n2', 'for the provider'],
    ];
    await rig.receive('customer', { id: 'A', version: '3', fields: { title: 'two', state: '2' }, notes });
    await rig.idle();
    assert.deepEqual([texts(), rig.provider.tickets[0]?.fields.title], [['for the provider'], 'two']);
  });

  it('keeps back what another skipped message also shows, whichever of them was skipped first', async () => {
    await deliverFirst();
    lose();
    const notes: [string, string][] = [
      ['n1', 'first'],
      ['n2', 'second'],
    ];
    for (const [n, version] of ['2', '3'].entries()) {
      await rig.receive('customer', { id: 'A', version, fields: { title: 'one' }, notes: notes.slice(0, n + 1) });
      await until('it to be unrouted', async () => (await unrouted()) === n + 1);
    }
    repair();
    const [newer, older] = (await rig.messages())
      .filter(({ outcome }) => outcome === 'unrouted')
      .sort((a, b) => (a.id < b.id ? 1 : -1));
    for (const { id } of [newer!, older!]) await hands().skipMessage(id, '', ANNA);
    await hands().replayMessage(newer!.id, ANNA);
    await rig.idle();
    assert.deepEqual(texts(), ['second']);
    await hands().replayMessage(older!.id, ANNA);
    await rig.idle();
    assert.deepEqual(texts(), ['second', 'first']);
  });

  it('sends its comments when it is replayed after newer messages', async () => {
    const lost = await skippedUpdate();
    const notes: [string, string][] = [
      ['n1', 'not for the provider'],
      ['n2', 'later'],
    ];
    await rig.receive('customer', { id: 'A', version: '3', fields: { title: 'two' }, notes });
    await rig.idle();
    await hands().replayMessage(lost.id, ANNA);
    await rig.idle();
    assert.deepEqual(texts(), ['later', 'not for the provider']);
  });

  for (const action of ['undone', 'replayed'] as const)
    it(`sends its comments after all once it was ${action}`, async () => {
      const lost = await skippedUpdate();
      if (action === 'undone') await hands().undoMessage(lost.id, ANNA);
      await hands().replayMessage(lost.id, ANNA);
      await rig.idle();
      assert.deepEqual([texts(), rig.provider.tickets[0]?.fields.title], [['not for the provider'], 'two']);
    });

  it('is refused for a message that was routed', async () => {
    await deliverFirst();
    const [routed] = await rig.messages();
    await assert.rejects(hands().skipMessage(routed!.id, '', ANNA), { code: 'SWB_PAYLOAD' });
  });
});
