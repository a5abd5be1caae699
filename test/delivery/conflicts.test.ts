import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../live/node-red.js';
import type { Fault } from './partner.js';
import { Rig } from './rig.js';

describe('an update that the partner refuses with a conflict (409)', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-conflict-'));
    rig = await new Rig(folder).start();
    rig.settling = 60_000;
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.idle();
  });
  afterEach(async () => {
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });
  const calls = (name: string) => rig.provider.calls.filter((call) => call.startsWith(name)).length;
  const last = async () => (await rig.deliveries()).reduce((a, b) => (a.id > b.id ? a : b));
  const FORMS = {
    field: { call: 'update', change: { fields: { title: 'two' } } },
    comment: { call: 'comment', change: { fields: { title: 'one' }, comments: ['new'] } },
    file: { call: 'attach', change: { fields: { title: 'one' }, attachments: ['f.txt'] } },
  };
  const shown = () => {
    const { fields, comments, files } = rig.provider.tickets[0]!;
    return [fields.title, comments.length, files.length].join();
  };
  const written = { field: 'two,0,0', comment: 'one,1,0', file: 'one,0,1' };
  const send = (form: keyof typeof FORMS, ...faults: Fault[]) => {
    rig.provider.faults.push(...faults);
    return rig.receive('customer', { id: 'A', version: '2', ...FORMS[form].change });
  };

  for (const form of ['field', 'comment', 'file'] as const) {
    it(`is tried again soon: ${form}`, async () => {
      await send(form, 'conflict', 'conflict');
      await rig.idle();
      assert.deepEqual([calls(FORMS[form].call), shown(), (await last()).state], [3, written[form], 'delivered']);
    });

    it(`is not repeated if the partner has done it all the same: ${form}`, async () => {
      await send(form, 'conflictDone');
      await rig.idle();
      assert.deepEqual([calls(FORMS[form].call), shown(), (await last()).state], [1, written[form], 'delivered']);
    });
  }

  it('becomes a dead letter with the words of the partner if it does not pass, and blames nobody else', async () => {
    await send('field', ...Array<Fault>(20).fill('conflict'));
    await until('the dead letter', async () => (await last()).state === 'failed');
    const { error, tries } = await last();
    assert.deepEqual([error?.message, error?.status, tries, calls('update')], ['there is one already', 409, 4, 4]);
    assert.equal(rig.broker.worker('provider')?.status.circuit, 'closed');
  });

  it('is refused for good if it cancels', async () => {
    await send('field');
    await rig.idle();
    rig.provider.faults.push('conflict');
    await rig.receive('customer', { id: 'A', version: '3', fields: { title: 'two', state: 'cancelled' } });
    await until('the dead letter', async () => (await last()).state === 'failed');
    assert.equal((await last()).tries, 1);
  });
});
