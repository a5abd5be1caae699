import { writeSync } from 'node:fs';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { inAnyState } from './any-state.js';
import { conversation, delivery, link, message } from './records.js';

/**
 * A process that tests kill. `hold`: opens the store and waits. `write <from>`: commits conversations from a number on, eight at
 * a time, runs compaction and retention meanwhile, and prints the number of each acknowledged commit.
 */
const [folder, what, from] = process.argv.slice(2) as [string, string, string];
/** Small, so that segments are completed and removed while it writes. */
const SEGMENT_BYTES = 20_000;

async function writeMatters(store: LowdbStore): Promise<void> {
  let next = Number(from);
  const one = async () => {
    for (;;) {
      const n = next++;
      const id = String(n).padStart(8, '0');
      const changes = {
        links: [link(`A${id}`)],
        state: n % 3 ? ('closed' as const) : ('open' as const),
      };
      await store.commit([
        { kind: 'conversation', record: conversation(`c${id}`, changes) },
        { kind: 'message', record: message(`m${id}`, { conversation: `c${id}`, state: 'settled' }), bodies: { received: { n } } },
        {
          kind: 'delivery',
          record: delivery(`d${id}`, { conversation: `c${id}`, state: 'delivered' }),
          bodies: { request: { n } },
        },
        { kind: 'setting', key: `s${n % 10}`, value: n },
      ]);
      acknowledge(n);
    }
  };
  const tidy = async () => {
    for (;;) {
      await store.compact();
      await store.retain();
    }
  };
  await Promise.all([tidy(), ...Array.from({ length: 8 }, one)]);
}

/** Reports to the test immediately; its pipe may be full while the test is busy. */
function acknowledge(n: number): void {
  for (;;) {
    try {
      writeSync(1, `${n}\n`);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

async function main(): Promise<void> {
  const store = inAnyState(
    new LowdbStore({
      folder,
      segmentBytes: SEGMENT_BYTES,
      retentionDays: 100_000,
      retentionBytes: 10 * SEGMENT_BYTES,
    }),
  );
  await store.open();
  process.send?.('open');
  // Listening for messages keeps the process alive.
  if (what === 'hold') process.on('message', () => {});
  if (what === 'write') await writeMatters(store);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
