import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutageLog } from '../../src/delivery/outage.js';
import { TroubleSince } from '../../src/delivery/trouble-since.js';
import { PartnerError } from '../../src/errors.js';
import type { Change } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { conversation, delivery, link } from '../store/records.js';
import { Partner } from './partner.js';
import { Rig } from './rig.js';

/** A store of one setting. */
function settingStore(kept?: string) {
  let value: unknown = kept;
  return {
    setting: async () => value as never,
    commit: async ([change]: { value?: unknown }[]) => {
      value = change!.value;
      return undefined as never;
    },
    value: () => value,
  };
}

function outageLog(store: ReturnType<typeof settingStore>) {
  let now = Date.parse('2026-03-01T10:00:00.000Z');
  const lines: string[] = [];
  const outages = new OutageLog({
    name: 'Provider',
    // Each reading is a millisecond later.
    clock: () => now++,
    troubleSince: new TroubleSince(store as never, 'down|p'),
    log: (_level, text) => lines.push(text),
  });
  return { outages, lines };
}

const settled = () => new Promise(setImmediate);

describe('an outage', () => {
  it('has one time since when it is, which is the one that is stored', async () => {
    const store = settingStore();
    const { outages, lines } = outageLog(store);
    outages.follow('open');
    const first = outages.outage!.since;
    await settled();
    assert.equal(outages.outage!.since, first);
    assert.equal(store.value(), first);
    assert.deepEqual(lines, ['Provider is unavailable, deliveries to it wait: there is no answer']);
  });

  it('goes on after a restart since the time when it began', async () => {
    const { outages, lines } = outageLog(settingStore('2026-02-28T09:00:00.000Z'));
    outages.follow('open');
    await settled();
    assert.equal(outages.outage!.since, '2026-02-28T09:00:00.000Z');
    assert.deepEqual(lines, ['Provider is still unavailable: there is no answer']);
  });

  it('names its reason in the log, even if no failure could be stored yet', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-outage-'));
    const rig = await new Rig(folder).start({ flows: false });
    try {
      const { store } = rig;
      const commit = store.commit.bind(store);
      const isFailure = (change: Change) => change.kind === 'delivery' && change.record.error !== undefined;
      const opened = () => until('the log line', () => rig.log.find((line) => line.startsWith('third ')));
      store.commit = async (changes, options) => {
        if (changes.some(isFailure)) await opened();
        return commit(changes, options);
      };
      const third = new Partner('third');
      third.denied = new PartnerError('SWB_PARTNER_UNAVAILABLE', 'third answered 503', { outcome: 'notDone', retry: true });
      rig.broker.addEndpoint(third, { concurrency: 8 });
      const comment = (n: number): Change[] => [
        {
          kind: 'conversation',
          record: conversation(`C${n}`, { links: [link(`T${n}`, { endpoint: 'third', entityType: 'troubleTicket' })] }),
        },
        {
          kind: 'delivery',
          record: delivery(`d${n}`, {
            endpoint: 'third',
            conversation: `C${n}`,
            lane: `C${n}|third`,
            message: `m${n}`,
            part: `comment:${n}`,
          }),
          bodies: { request: { comment: { id: `${n}`, text: 'Hello', visibility: 'public' } } },
        },
      ];
      await store.commit([0, 1, 2, 3, 4].flatMap(comment));
      const status = () => rig.broker.workers().find(({ client }) => client.id === 'third')!.status;
      await until('nothing to be sent for a while', () => status().circuit !== 'closed');
      // Any change of the status.
      await rig.broker.interventions.suspend('third', '', { name: 'ann' });
      assert.equal(await opened(), 'third is unavailable, deliveries to it wait: third answered 503');
    } finally {
      await rig.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
