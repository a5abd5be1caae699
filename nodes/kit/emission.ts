import type { Node, NodeAPI } from 'node-red';
import type { Broker } from '../../src/delivery/broker.js';
import type { Emitter } from '../../src/delivery/dispatcher.js';
import type { MessageRecord } from '../../src/store/store.js';
import { envelopeOfRecord } from './envelope.js';
import { followHolders } from './flow-holders.js';
import { flowTracker } from './flow-tracker.js';
import type { Msg } from './handle.js';
import { log } from './log.js';

/** Sends messages of the inbox from a node into its flow; `forget` ends the tracking of those that are still there. */
export function emission(
  RED: NodeAPI,
  node: Node,
  broker: Broker,
): Required<Pick<Emitter, 'emit' | 'ended' | 'readFailed'>> & { forget(): void } {
  const tracker = flowTracker(RED);
  followHolders(RED);
  return {
    emit(record, payload, emission, onIdle) {
      broker.people.learn(payload);
      const envelope = envelopeOfRecord(broker, record, emission);
      const msg = { payload, topic: topicOf(record), switchboard: envelope } as unknown as Msg;
      tracker.follow(envelope, node.id, () => node.send(msg as never), onIdle);
    },
    ended: (emission) => tracker.drop(emission),
    readFailed(record, error) {
      const text = error instanceof Error ? error.message : String(error);
      // The payload is left out: a catch node may react, but the message itself stays in the inbox.
      log(node, 'error', text, { topic: topicOf(record), switchboard: { failed: record.id } });
    },
    forget: () => tracker.forget(node.id),
  };
}

/** Makes a node emit the messages that are its own, as they were stored; returns the function that stops it. */
export function emitOwn(RED: NodeAPI, node: Node, broker: Broker): () => Promise<void> {
  const { forget, ...emitter } = emission(RED, node, broker);
  const detach = broker.inbox.attach(node.id, { ...emitter, read: async () => undefined });
  return async () => {
    forget();
    await detach();
  };
}

function topicOf({ number, entityId }: MessageRecord): string {
  return number ?? entityId;
}
