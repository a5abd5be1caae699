import type { NodeAPI } from 'node-red';
import { errorRecord } from '../../src/delivery/error-record.js';
import type { ErrorRecord } from '../../src/store/store.js';
import type { Msg } from './handle.js';

/**
 * Detects, with Node-RED's hooks, when no node in a flow holds a message any more. Every send counts up and every completion
 * counts down, keyed by our message id, which clones keep.
 */
export interface FlowTracker {
  /** Calls `send`; calls `onIdle` once, when the flow is idle, with the first error that a node reported. */
  follow(messageId: string, source: string, send: () => void, onIdle: (error?: ErrorRecord) => void): void;
  /** Stops tracking the messages of a node that is being closed. */
  forget(source: string): void;
}

interface TrackedMessage {
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
    const id = event.msg?.switchboard?.messageId;
    return id === undefined ? undefined : tracked.get(id);
  };
  const release = (event: HookEvent, entry: TrackedMessage) => {
    entry.holders--;
    if (entry.holders > 0) return;
    tracked.delete(event.msg.switchboard?.messageId ?? '');
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
    if (entry && event.destination?.node?._expectedDoneCount === 0) release(event, entry);
  });
  hooks.add('onComplete.switchboard', (event) => {
    const entry = of(event);
    if (!entry) return;
    if (event.error && !entry.error) {
      const record = errorRecord(event.error, new Date().toISOString());
      const node = event.node?.node;
      entry.error = { ...record, message: `${node?.name || node?.type || 'A node'}: ${record.message}` };
    }
    release(event, entry);
  });

  const tracker: FlowTracker = {
    follow(messageId, source, send, onIdle) {
      const entry: TrackedMessage = { source, holders: 1, onIdle };
      tracked.set(messageId, entry);
      try {
        send();
      } finally {
        release({ msg: { switchboard: { messageId } } as Msg }, entry);
      }
    },
    forget(source) {
      for (const [id, entry] of tracked) if (entry.source === source) tracked.delete(id);
    },
  };
  trackers.set(hooks, tracker);
  return tracker;
}
