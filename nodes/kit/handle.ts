import type { Node, NodeMessage } from 'node-red';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import type { Envelope } from './envelope.js';
import { show } from './status.js';

export type Msg = NodeMessage & { switchboard?: Envelope };
export type Send = (msg: Msg | (Msg | null)[]) => void;

/**
 * The one place that takes a node's input. Whatever the handler throws becomes `done(err)`, so that a catch node sees it and an error can
 * never end the process; `err.code` holds the stable code, because of an error's own fields only message, code and cause reach a catch node.
 */
export function handle(node: Node, handler: (msg: Msg, send: Send) => Promise<void> | void): void {
  node.on('input', (message, nodeSend, done) => {
    Promise.resolve()
      .then(() => handler(message as Msg, nodeSend as Send))
      .then(
        () => done(),
        (error: unknown) => {
          const failure = asError(error);
          show(node, 'error', failure.message);
          done(failure);
        },
      );
  });
}

/** JSONata and others throw plain objects: Node-RED would show those as [object Object]. */
export function asError(error: unknown): Error {
  if (error instanceof Error) return error;
  const text = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : JSON.stringify(error);
  return new SwitchboardError('SWB_FLOW', text, { cause: error });
}

/** The envelope of a message that came from one of our in nodes. */
export function envelopeOf(msg: Msg, nodeName: string): Envelope {
  if (msg.switchboard?.messageId) return msg.switchboard;
  throw new SwitchboardError('SWB_PAYLOAD', say`The message has no msg.switchboard.`, {
    where: nodeName,
    hint: say`It must come from a Switchboard in node; keep msg.switchboard when a function or change node makes a new message.`,
  });
}
