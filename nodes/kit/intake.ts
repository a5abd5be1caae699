import type { Node, NodeAPI } from 'node-red';
import type { Broker } from '../../src/delivery/broker.js';
import type { Emitter } from '../../src/delivery/dispatcher.js';
import { envelopeOfRecord } from './envelope.js';
import { followHolders } from './flow-holders.js';
import { flowTracker } from './flow-tracker.js';
import type { Msg } from './handle.js';
import type { IntakeStatus } from './intake-status.js';

/**
 * Makes a node emit its messages from the inbox; returns the function that stops it.
 * `read` fetches the entity of a message; if it returns undefined, the payload is emitted as received.
 */
export function emitFrom(
  RED: NodeAPI,
  node: Node,
  broker: Broker,
  { read, identify }: Pick<Emitter, 'read' | 'identify'>,
  status?: IntakeStatus,
): () => Promise<void> {
  const tracker = flowTracker(RED);
  followHolders(RED);
  const detach = broker.inbox.attach(node.id, {
    read,
    identify,
    emit(record, payload, emission, onIdle) {
      status?.readable();
      const envelope = envelopeOfRecord(broker, record, emission);
      const msg = { payload, topic: record.number ?? record.entityId, switchboard: envelope } as unknown as Msg;
      tracker.follow(envelope, node.id, () => node.send(msg as never), onIdle);
    },
    readFailed(record, error, retryAt) {
      const text = error instanceof Error ? error.message : String(error);
      if (retryAt) status?.trouble('read', text, retryAt);
      // There are no more retries: the message is counted as failed.
      else status?.readable();
      // The payload is left out: a catch node may react, but the message itself stays in the inbox.
      node.error(text, { topic: record.number ?? record.entityId, switchboard: { failed: record.id } } as never);
    },
  });
  return async () => {
    tracker.forget(node.id);
    await detach();
  };
}
