import type { WaitKind } from '../../src/delivery/wait-reason.js';
import { recordsOf } from '../../src/store/pages.js';
import type { BrokerAccess, NameOf } from './broker-access.js';
import type { WaitSummary, WaitView } from './views.js';
import { WaitReader } from './wait-state.js';

const PAGE = 200;
/** Milliseconds after which only what was counted so far is shown. */
const PATIENCE = 250;

/** How many messages and deliveries wait for each reason, the most frequent first. */
export async function waitSummary(brokers: BrokerAccess[], nameOf: NameOf): Promise<WaitSummary> {
  const end = performance.now() + PATIENCE;
  const reasons = new Map<WaitKind, WaitSummary['reasons'][number]>();
  const note = (wait: WaitView | undefined) => {
    if (!wait) return;
    const { kind, since } = wait;
    const { count, since: oldest } = reasons.get(kind) ?? { count: 0, since };
    reasons.set(kind, { kind, count: count + 1, since: since < oldest ? since : oldest });
  };
  let more = false;
  for (const broker of brokers) {
    const { store } = broker;
    const reader = new WaitReader(broker, nameOf);
    const states = ['pending', 'sending', 'inDoubt'];
    for await (const record of recordsOf((next) => store.listDeliveries({ states, ...next }), PAGE)) {
      note(await reader.delivery(record));
      more = performance.now() > end;
      if (more) break;
    }
    for await (const record of recordsOf((next) => store.listMessages({ states: ['received'], ...next }), PAGE)) {
      note(await reader.message(record));
      more ||= performance.now() > end;
      if (more) break;
    }
  }
  return { reasons: [...reasons.values()].sort((a, b) => b.count - a.count || (a.since < b.since ? -1 : 1)), more };
}
