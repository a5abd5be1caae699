import type { NodeAPI } from 'node-red';
import { errorRecord } from '../../src/delivery/error-record.js';
import type { ErrorRecord } from '../../src/store/store.js';
import type { Msg } from './handle.js';

/**
 * Knows when nothing in a flow carries a message any more, from Node-RED's hooks: what is sent counts up, what a node has completed counts
 * down, keyed by our id in the message, which clones keep.
 */
export interface FlowTracker {
  /** Sends with `send`; calls `quiet` once, when the flow has gone quiet, with the first error a node reported. */
  follow(messageId: string, source: string, send: () => void, quiet: (error?: ErrorRecord) => void): void;
  /** Forgets what a node sent: it is being closed. */
  forget(source: string): void;
}

interface Followed {
  source: string;
  carried: number;
  error?: ErrorRecord;
  quiet: (error?: ErrorRecord) => void;
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
  const followed = new Map<string, Followed>();
  // Messages handed to a node directly (by a catch, complete or link node) were never «sent»: told apart by their absence here.
  const inTransit = new WeakMap<object, number>();

  const of = (event: HookEvent) => {
    const id = event.msg?.switchboard?.messageId;
    return id === undefined ? undefined : followed.get(id);
  };
  const down = (event: HookEvent, entry: Followed) => {
    entry.carried--;
    if (entry.carried > 0) return;
    followed.delete(event.msg.switchboard?.messageId ?? '');
    entry.quiet(entry.error);
  };
  hooks.add('preDeliver.switchboard', (event) => {
    const entry = of(event);
    if (!entry) return;
    entry.carried++;
    inTransit.set(event.msg, (inTransit.get(event.msg) ?? 0) + 1);
  });
  hooks.add('onReceive.switchboard', (event) => {
    const entry = of(event);
    if (!entry) return;
    const transit = inTransit.get(event.msg) ?? 0;
    if (transit > 0) inTransit.set(event.msg, transit - 1);
    else entry.carried++;
  });
  // A node whose handler takes no `done` never completes: it is through when its handler has returned.
  hooks.add('postReceive.switchboard', (event) => {
    const entry = of(event);
    if (entry && event.destination?.node?._expectedDoneCount === 0) down(event, entry);
  });
  hooks.add('onComplete.switchboard', (event) => {
    const entry = of(event);
    if (!entry) return;
    if (event.error && !entry.error) {
      const record = errorRecord(event.error, new Date().toISOString());
      const node = event.node?.node;
      entry.error = { ...record, message: `${node?.name || node?.type || 'A node'}: ${record.message}` };
    }
    down(event, entry);
  });

  const tracker: FlowTracker = {
    follow(messageId, source, send, quiet) {
      const entry: Followed = { source, carried: 1, quiet };
      followed.set(messageId, entry);
      try {
        send();
      } finally {
        down({ msg: { switchboard: { messageId } } as Msg }, entry);
      }
    },
    forget(source) {
      for (const [id, entry] of followed) if (entry.source === source) followed.delete(id);
    },
  };
  trackers.set(hooks, tracker);
  return tracker;
}
