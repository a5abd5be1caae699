import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeliveryRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { Rig } from './rig.js';

const ANNA = { name: 'anna' };

describe('replaying a message of which a partner refused something', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-again-'));
    rig = await new Rig(folder).start();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const receive = (version: string, fields: Record<string, string>, comments: string[] = [], attachments: string[] = []) =>
    rig.receive('customer', { id: 'A', version, fields, comments, attachments });
  const settled = async () => {
    await until('the messages to be settled', async () => (await rig.store.counts()).messages.received === 0);
    return (await rig.messages()).toReversed();
  };
  const inState = async (state: DeliveryRecord['state']) => (await rig.deliveries()).filter((d) => d.state === state);
  /** The mapping is repaired. */
  const repair = () => {
    rig.map = (fields) => ('severity' in fields ? { ...fields, severity: 'minor' } : fields);
  };
  const refuse = async () => {
    rig.provider.faults.push('refused');
    await receive('1', { title: 'one', severity: 'x' }, ['first'], ['log']);
    await until('the dead letter', async () => (await inState('failed'))[0]);
  };
  const ticket = () => {
    assert.equal(rig.provider.tickets.length, 1);
    return rig.provider.tickets[0]!;
  };

  it('creates the ticket with the repaired mapping, and frees what waits for it', async () => {
    await refuse();
    await receive('2', { title: 'two', severity: 'x' }, ['first', 'second'], ['log']);
    const [first] = await settled();
    repair();
    await rig.broker.interventions.replayMessage(first!.id, ANNA);
    await rig.idle();
    assert.deepEqual(ticket().fields.severity, 'minor');
    assert.deepEqual([ticket().fields.title, ticket().comments, ticket().files.length], ['two', ['first', 'second'], 1]);
    assert.deepEqual(
      (await settled()).map(({ outcome }) => outcome),
      ['routed', 'routed'],
    );
    assert.deepEqual(await inState('failed'), []);
  });

  it('creates it from what the record says by now, so that corrected data is enough', async () => {
    await refuse();
    await receive('2', { title: 'two', severity: 'major' }, ['first', 'second'], ['log']);
    const [first] = await settled();
    await rig.broker.interventions.replayMessage(first!.id, ANNA);
    await rig.idle();
    assert.deepEqual(rig.provider.calls.filter((call) => call === 'create').length, 2);
    assert.deepEqual(
      rig.provider.calls.filter((call) => call.startsWith('update')),
      [],
      'it was created as it is now',
    );
    assert.deepEqual([ticket().fields.severity, ticket().comments], ['major', ['first', 'second']]);
  });

  it('sends what a user edited in it', async () => {
    await refuse();
    await receive('2', { title: 'two', severity: 'x' }, ['first'], ['log']);
    const [first] = await settled();
    const edited = {
      id: 'A',
      version: '1',
      fields: { title: 'one', severity: 'minor' },
      comments: ['first'],
      attachments: ['log'],
    };
    await rig.broker.interventions.editMessage(first!.id, edited, ANNA);
    await rig.idle();
    assert.deepEqual([ticket().fields, ticket().comments], [{ title: 'two', severity: 'minor' }, ['first']]);
  });

  it('sends an update with the repaired mapping, but no value that a newer message has replaced', async () => {
    await receive('1', { title: 'one' });
    await rig.idle();
    rig.provider.faults.push('refused');
    await receive('2', { title: 'two', severity: 'x' });
    await until('the dead letter', async () => (await inState('failed'))[0]);
    await receive('3', { title: 'three', severity: 'x' });
    const [, second] = await settled();
    repair();
    await rig.broker.interventions.replayMessage(second!.id, ANNA);
    await rig.idle();
    assert.deepEqual(ticket().fields, { title: 'three', severity: 'minor' });
  });

  it('finds a ticket that is there after all', async () => {
    await refuse();
    const [first] = await settled();
    const { reference } = (await rig.store.conversation(first!.conversation!))!;
    rig.provider.tickets.push({ id: 'T7', reference, fields: { title: 'one' }, comments: [], files: [], version: 1 });
    await rig.broker.interventions.replayMessage(first!.id, ANNA);
    await rig.idle();
    assert.equal(ticket().id, 'T7');
  });

  it('leaves a create in doubt to its look-up', async () => {
    rig.provider.lookUpFaults.push(...Array(50).fill('down'));
    rig.provider.faults.push('lost');
    await receive('1', { title: 'one' });
    const doubtful = await until('the doubt', async () => (await inState('inDoubt'))[0]);
    const [first] = await settled();
    await rig.broker.interventions.replayMessage(first!.id, ANNA);
    assert.equal((await settled())[0]?.outcome, 'routed');
    rig.provider.lookUpFaults.length = 0;
    await until('it to be found', async () => (await rig.store.delivery(doubtful.id))?.state === 'delivered');
    assert.equal(ticket().reference?.startsWith('SWB-'), true);
    assert.equal(rig.provider.calls.filter((call) => call === 'create').length, 1);
  });

  it('changes nothing where all of it arrived', async () => {
    await receive('1', { title: 'one' }, ['first'], ['log']);
    await rig.idle();
    const [first] = await settled();
    await rig.broker.interventions.replayMessage(first!.id, ANNA);
    await rig.idle();
    assert.deepEqual([ticket().comments, ticket().files.length, (await inState('delivered')).length], [['first'], 1, 3]);
  });
});
