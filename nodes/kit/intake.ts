import type { Node, NodeAPI } from 'node-red';
import type { Broker } from '../../src/delivery/broker.js';
import type { Json } from '../../src/model/message.js';
import type { Bodies, MessageRecord } from '../../src/store/store.js';
import { envelopeOfRecord } from './envelope.js';
import { flowTracker } from './flow-tracker.js';
import type { Msg } from './handle.js';
import type { IntakeStatus } from './intake-status.js';

/**
 * Lets a node emit the messages the inbox keeps for it; gives the function that ends it.
 * `read` fetches what a message is about; the payload as received is emitted where there is nothing to fetch.
 */
export function emitFrom(
  RED: NodeAPI,
  node: Node,
  broker: Broker,
  read: (record: MessageRecord, bodies: Bodies) => Promise<Json | undefined>,
  shown?: IntakeStatus,
): () => Promise<void> {
  const tracker = flowTracker(RED);
  const detach = broker.inbox.attach(node.id, {
    read,
    emit(record, payload, quiet) {
      shown?.readable();
      const envelope = envelopeOfRecord(broker, record);
      const msg = { payload, topic: record.number ?? record.entityId, switchboard: envelope } as unknown as Msg;
      tracker.follow(record.id, node.id, () => node.send(msg as never), quiet);
    },
    readFailed(record, error, retryAt) {
      const text = error instanceof Error ? error.message : String(error);
      if (retryAt) shown?.trouble('read', text, retryAt);
      // Nothing is tried any more: the failed message is counted as such.
      else shown?.readable();
      // Without a payload of ours in flight: a catch node may react, the message itself stays in the inbox.
      node.error(text, { topic: record.number ?? record.entityId, switchboard: { failed: record.id } } as never);
    },
  });
  return async () => {
    tracker.forget(node.id);
    await detach();
  };
}
