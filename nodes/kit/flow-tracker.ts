import type { NodeAPI } from 'node-red';
import { brokers } from '../../src/delivery/brokers.js';
import { errorRecord } from '../../src/delivery/error-record.js';
import type { ErrorRecord } from '../../src/store/store.js';
import type { Envelope } from './envelope.js';
import type { Msg } from './handle.js';

/**
 * Detects, with Node-RED's hooks, when no node in a flow holds a message any more. Every send counts up and every completion
 * counts down, keyed by the emission in the envelope, which clones keep. A deploy stops nodes without a word about the messages
 * in them: then all messages leave their flows, and are emitted again once the flows have started.
 */
export interface FlowTracker {
  /** Calls `send`; calls `onIdle` once, when the flow is idle, with the first error that a node reported. */
  follow(envelope: Pick<Envelope, 'emission'>, source: string, send: () => void, onIdle: (error?: ErrorRecord) => void): void;
  /** Stops tracking the messages of a node that is being closed. */
  forget(source: string): void;
}

interface TrackedMessage {
  emission: string;
  source: string;
  holders: number;
  error?: ErrorRecord;
  onIdle: (error?: ErrorRecord) => void;
}

interface HookEvent {
  msg: Msg;
  node?: { node?: { name?: string; type?: string; id?: string } };
  destination?: { node?: { _expectedDoneCount?: number } };
  error?: unknown;
}

const trackers = new WeakMap<object, FlowTracker>();

/** One tracker per Node-RED runtime. */
export function flowTracker(RED: NodeAPI): FlowTracker {
  const hooks = RED.hooks as unknown as { add(name: string, callback: (event: HookEvent) => void): void };
  const known = trackers.get(hooks);
  if (known) return known;
  const tracked = new Map<string, TrackedMessage>();
  // A catch, complete or link node passes messages directly, without a send event. Such messages are missing in this map.
  const inTransit = new WeakMap<object, number>();

  const of = (event: HookEvent) => {
    const emission = event.msg?.switchboard?.emission;
    return emission === undefined ? undefined : tracked.get(emission);
  };
  const release = (entry: TrackedMessage) => {
    entry.holders--;
    if (entry.holders > 0) return;
    tracked.delete(entry.emission);
    entry.onIdle(entry.error);
  };
  hooks.add('preDeliver.switchboard', (event) => {
    const entry = of(event);
    if (!entry) return;
    entry.holders++;
    inTransit.set(event.msg, (inTransit.get(event.msg) ?? 0) + 1);
  });
  hooks.add('onReceive.switchboard', (event) => {
    const entry = of(event);
    if (!entry) return;
    const transit = inTransit.get(event.msg) ?? 0;
    if (transit > 0) inTransit.set(event.msg, transit - 1);
    else entry.holders++;
  });
  // A handler that takes no `done` never reports completion: it is complete when it returns.
  hooks.add('postReceive.switchboard', (event) => {
    const entry = of(event);
    if (entry && event.destination?.node?._expectedDoneCount === 0) release(entry);
  });
  hooks.add('onComplete.switchboard', (event) => {
    const entry = of(event);
    if (!entry) return;
    if (event.error && !entry.error) {
      const record = errorRecord(event.error, new Date().toISOString());
      const node = event.node?.node;
      entry.error = { ...record, message: `${node?.name || node?.type || 'A node'}: ${record.message}` };
    }
    release(entry);
  });

  const tracker: FlowTracker = {
    follow({ emission }, source, send, onIdle) {
      const entry: TrackedMessage = { emission, source, holders: 1, onIdle };
      tracked.set(emission, entry);
      try {
        send();
      } finally {
        release(entry);
      }
    },
    forget(source) {
      for (const [emission, entry] of tracked) if (entry.source === source) tracked.delete(emission);
    },
  };
  RED.events.on('flows:stopping', () => {
    tracked.clear();
    for (const { inbox } of brokers()) inbox.pause();
  });
  RED.events.on('flows:started', () => {
    for (const { inbox } of brokers()) inbox.resume();
  });
  trackers.set(hooks, tracker);
  return tracker;
}
