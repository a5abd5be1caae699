import type { Node, NodeAPI } from 'node-red';
import type { Broker } from '../../src/delivery/broker.js';
import { brokers, watchBrokers } from '../../src/delivery/brokers.js';
import { errorRecord } from '../../src/delivery/error-record.js';
import type { Json } from '../../src/model/message.js';
import type { MessageRecord } from '../../src/store/store.js';
import { type Envelope, envelopeFor } from './envelope.js';
import { flowTracker } from './flow-tracker.js';
import type { Msg } from './handle.js';

/** A message that Switchboard itself stored for a node, with what it emits it by. */
export interface PlanMessage<Payload> {
  broker: Broker;
  payload: Payload;
  reference: { messageId: string; emission: string };
  /** To be sent with a payload of its own. */
  msg: Msg & { switchboard: Envelope };
}

/**
 * Takes the messages of origin `plan` of all stores for a node, until it is closed: they are stored in the inbox, so that a crash does
 * not lose them. `prepare` resolves with what sends the message into the flow; what it throws fails the message.
 */
export function takePlanMessages<Payload>(
  RED: NodeAPI,
  node: Node,
  prepare: (message: PlanMessage<Payload>) => Promise<() => void>,
): void {
  let tracker: ReturnType<typeof flowTracker> | undefined;
  const attached = new Map<Broker, () => Promise<void>>();
  const emit = async (
    broker: Broker,
    record: MessageRecord,
    payload: Json,
    emission: string,
    onIdle: (error?: ReturnType<typeof errorRecord>) => void,
  ) => {
    try {
      const envelope = await envelopeFor(broker, record, emission);
      const msg = { _msgid: RED.util.generateId(), topic: record.number, switchboard: envelope };
      const reference = { messageId: record.id, emission };
      if (!(await broker.takeTurn(reference))) return;
      const send = await prepare({ broker, payload: payload as unknown as Payload, reference, msg });
      tracker ??= flowTracker(RED);
      tracker.follow(envelope, node.id, send, onIdle);
    } catch (error) {
      onIdle(errorRecord(error, new Date().toISOString()));
    }
  };
  const attach = () => {
    const running = brokers();
    for (const broker of attached.keys()) if (!running.includes(broker)) attached.delete(broker);
    for (const broker of running) {
      if (attached.has(broker)) continue;
      const detach = broker.inbox.attach(node.id, {
        read: async () => undefined,
        emit: (record, payload, emission, onIdle) => void emit(broker, record, payload, emission, onIdle),
        ended: (emission) => tracker?.drop(emission),
      });
      attached.set(broker, detach);
    }
  };
  attach();
  const unwatch = watchBrokers(attach);
  node.on('close', (_removed: boolean, done: () => void) => {
    unwatch();
    tracker?.forget(node.id);
    Promise.allSettled([...attached.values()].map((detach) => detach())).then(() => done());
  });
}
