import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resumeReads } from '../../src/delivery/waiting-reads.js';
import { intakeQueue } from '../../src/store/message-queue.js';
import type { MessageRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { message } from '../store/records.js';
import { Rig } from './rig.js';

/** Milliseconds by the steady clock, long after any test. */
const LATE = 1e15;

describe('reads that were put off', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-reads-'));
    rig = await new Rig(folder).start({ flows: false });
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are due when their endpoint answers again; those of others, and what it limits, wait on', async () => {
    const waiting = (id: string, code: string, endpoint = 'provider'): MessageRecord => ({
      ...message(id),
      endpoint,
      emissions: 3,
      notBefore: LATE,
      error: { code, message: 'no answer', at: '' },
    });
    const records = [
      waiting('m1', 'SWB_PARTNER_UNAVAILABLE'),
      waiting('m2', 'SWB_PARTNER_LIMIT'),
      waiting('m3', 'SWB_PARTNER_UNAVAILABLE', 'customer'),
    ];
    await rig.store.commit(records.map((record) => ({ kind: 'message', record })));
    await resumeReads(rig.store, 'provider');
    const times = await Promise.all(records.map(async ({ id }) => (await rig.store.message(id))?.notBefore));
    assert.deepEqual(times, [undefined, LATE, LATE]);
  });

  it('may be made due while one of them is being read: it is read again, and that is no failure of the store', async () => {
    const record = { ...message('m1'), endpoint: 'provider', entityType: 'troubleTicket' };
    let reads = 0;
    rig.broker.inbox.attach(intakeQueue('provider', 'troubleTicket'), {
      read: async () => {
        const stored = await rig.store.message('m1');
        if (reads++ === 0) await rig.store.commit([{ kind: 'message', record: stored! }]);
        return {};
      },
      choose: async () => ({ ignored: 'nothing new' }),
      emit: () => undefined,
    });
    await rig.store.commit([{ kind: 'message', record }]);
    await until('it to be settled', async () => (await rig.store.message('m1'))?.state === 'settled');
    assert.deepEqual([reads, rig.log], [2, []]);
  });
});
