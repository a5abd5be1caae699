import assert from 'node:assert/strict';
import { OutageLog } from '../../src/delivery/outage.js';
import { TroubleSince } from '../../src/delivery/trouble-since.js';

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
});
