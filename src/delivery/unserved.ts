import { SwitchboardError } from '../errors.js';
import { intakeQueue, queueOf } from '../store/message-queue.js';
import { recordsOf } from '../store/pages.js';
import type { MessageRecord } from '../store/store.js';
import { say } from '../text/say.js';
import type { Broker } from './broker.js';

/** Messages read per page. */
const PAGE = 500;

type Waiting = Pick<MessageRecord, 'origin' | 'endpoint' | 'entityType' | 'node'>;

/** Why no node takes a message that waits: its node was deleted, and there is no other for its endpoint and record type. */
export function unservedError(waiting: Waiting, nameOf: (endpoint: string) => string): SwitchboardError {
  const { endpoint, entityType } = waiting;
  return queueOf(waiting) === intakeQueue(endpoint, entityType)
    ? new SwitchboardError('SWB_CONFIG', say`There is no in node for ${entityType} of ${nameOf(endpoint)}.`, {
        hint: say`Deploy one: the message then enters its flow.`,
      })
    : new SwitchboardError('SWB_CONFIG', say`The node that emits this message is not in the flows.`, {
        hint: say`Restore the node: the message then enters its flow.`,
      });
}

/** The messages that wait and that no node takes: for each queue their number, and one of them. */
export async function unservedMessages({ store, inbox }: Broker): Promise<{ example: MessageRecord; count: number }[]> {
  const found = new Map<string, { example: MessageRecord; count: number }>();
  for await (const record of recordsOf((next) => store.listMessages({ states: ['received'], ...next }), PAGE)) {
    const queue = queueOf(record);
    if (!inbox.isAttached(queue)) found.set(queue, { example: record, count: (found.get(queue)?.count ?? 0) + 1 });
  }
  return [...found.values()];
}
