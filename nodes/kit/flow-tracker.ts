import type { NodeAPI } from 'node-red';
import { errorRecord } from '../../src/delivery/error-record.js';
import type { ErrorRecord } from '../../src/store/store.js';
import { say } from '../../src/text/say.js';
import type { Envelope } from './envelope.js';
import type { Msg } from './handle.js';
import { shownName } from './shown-name.js';

/**
 * Detects, with Node-RED's hooks, when no node in a flow holds a message any more. Every send counts up and every completion
 * counts down, keyed by the emission in the envelope, which clones keep.
 */
export interface FlowTracker {
  /** Calls `send`; calls `onIdle` once, when the flow is idle. */
  follow(envelope: Pick<Envelope, 'emission'>, source: string, send: () => void, onIdle: OnIdle): void;
  /** Stops tracking an emission that has ended: its flow was not idle in time, or a deploy has interrupted it. */
  drop(emission: string): void;
  /** Stops tracking the messages of a node that is being closed. */
  forget(source: string): void;
}

/** `error`: the first one that a node reported; `dropped`: why the flow dropped the message on purpose (`msg.switchboard.drop`). */
type OnIdle = (error?: ErrorRecord, dropped?: string) => void;

interface TrackedMessage {
  emission: string;
  source: string;
  holders: number;
  error?: ErrorRecord;
  dropped?: string;
  onIdle: OnIdle;
  /** The `_msgid` values of the message and its copies. */
  ids: Set<string>;
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

  // A copy that lost its envelope, for example in a function node, is still part of the flow: the next node will complain.
  const byMsgId = new Map<string, TrackedMessage>();

  const of = ({ msg }: HookEvent) => {
    const emission = msg?.switchboard?.emission;
    if (emission === undefined) return byMsgId.get(msg?._msgid ?? '');
    const entry = tracked.get(emission);
    if (entry && msg._msgid !== undefined) {
      entry.ids.add(msg._msgid);
      byMsgId.set(msg._msgid, entry);
    }
    return entry;
  };
  const forget = (entry: TrackedMessage) => {
    tracked.delete(entry.emission);
    for (const id of entry.ids) if (byMsgId.get(id) === entry) byMsgId.delete(id);
  };
  const release = (entry: TrackedMessage) => {
    entry.holders--;
    if (entry.holders > 0) return;
    forget(entry);
    entry.onIdle(entry.error, entry.dropped);
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
    const { drop } = event.msg.switchboard ?? {};
    if (drop) entry.dropped ??= typeof drop === 'string' ? drop : say`The flow dropped it on purpose.`;
    if (event.error && !entry.error && concernsMessage(event)) {
      const record = errorRecord(event.error, new Date().toISOString());
      const { name, type = 'a node' } = event.node?.node ?? {};
      const place = `${shownName({ name, type })}: `;
      const { message } = record;
      entry.error = { ...record, message: message.startsWith(place) ? message : place + message };
    }
    release(entry);
  });

  const tracker: FlowTracker = {
    follow({ emission }, source, send, onIdle) {
      const entry: TrackedMessage = { emission, source, holders: 1, onIdle, ids: new Set() };
      tracked.set(emission, entry);
      try {
        send();
      } finally {
        release(entry);
      }
    },
    drop(emission) {
      const entry = tracked.get(emission);
      if (entry) forget(entry);
    },
    forget(source) {
      for (const entry of tracked.values()) if (entry.source === source) forget(entry);
    },
  };
  trackers.set(hooks, tracker);
  return tracker;
}

/** Whether an error makes the message fail. Of copies without an envelope only our own nodes' errors do: they miss the envelope. */
function concernsMessage({ msg, error }: HookEvent): boolean {
  return msg.switchboard !== undefined || String((error as { code?: unknown }).code).startsWith('SWB_');
}
