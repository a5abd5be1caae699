import { isConcurrentChange } from '../errors.js';
import { recordsOf } from '../store/pages.js';
import type { Store } from '../store/store.js';

/** Messages read per page. */
const PAGE = 500;

/**
 * Makes the messages of an endpoint due whose read was put off: it answers again, or was deployed with other settings. Where it
 * limits our rate, they wait for as long as it asks.
 */
export async function resumeReads(store: Store, endpoint: string): Promise<void> {
  for await (const record of recordsOf((page) => store.listMessages({ endpoint, states: ['received'], ...page }), PAGE)) {
    const { notBefore, error } = record;
    if (notBefore === undefined || error === undefined || error.code === 'SWB_PARTNER_LIMIT') continue;
    await store
      .commit([{ kind: 'message', record: { ...record, notBefore: undefined } }], { durable: false })
      .catch((failure: unknown) => {
        // It has been claimed meanwhile.
        if (!isConcurrentChange(failure)) throw failure;
      });
  }
}
