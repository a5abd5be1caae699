import type { Node, NodeMessage } from 'node-red';
import { isGenericMessage } from '../../src/conversation/generic-message.js';
import { flowsRunning } from '../../src/delivery/brokers.js';
import { SwitchboardError } from '../../src/errors.js';
import type { GenericMessage } from '../../src/model/message.js';
import { say } from '../../src/text/say.js';
import type { Envelope } from './envelope.js';
import { log, shownError } from './log.js';
import { clearFormer, showError } from './status.js';

export type Msg = NodeMessage & { switchboard?: Envelope };
export type Send = (msg: Msg | (Msg | null)[]) => void;

/**
 * The only place that handles a node's input. An error thrown by the handler is passed to `done(err)`, so that a catch node
 * receives it and the process never ends because of it. `err.code` holds the stable code: only message, code and cause of an
 * error reach a catch node.
 */
export function handle(node: Node, handler: (msg: Msg, send: Send) => Promise<void> | void): void {
  clearFormer(node);
  node.on('input', (message, nodeSend, done) => {
    Promise.resolve()
      .then(() => handler(message as Msg, nodeSend as Send))
      .then(
        () => done(),
        (error: unknown) => {
          const failure = asError(error);
          // The message stays with the node, so that it counts as interrupted by the deploy, and enters its flow again after it.
          if (!flowsRunning() && failure instanceof SwitchboardError && failure.code === 'SWB_CLOSED') {
            log(node, 'info', failure.message);
            return;
          }
          showError(node, failure);
          done(failure);
        },
      );
  });
}

/** JSONata and others throw plain objects, which Node-RED would show as [object Object]. */
export function asError(error: unknown): Error {
  if (error instanceof Error) return shownError(error);
  const text = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : JSON.stringify(error);
  return shownError(new SwitchboardError('SWB_FLOW', text, { cause: error }));
}

/** The envelope of a message that came from one of our in nodes. */
export function envelopeOf(msg: Msg, nodeName: string): Envelope {
  if (msg.switchboard?.messageId) return msg.switchboard;
  throw new SwitchboardError('SWB_PAYLOAD', say`The message has no msg.switchboard.`, {
    where: nodeName,
    hint: say`The message must come from a Switchboard in node. Keep msg.switchboard when a function or change node creates a new message.`,
  });
}

/** The generic message in a msg; throws SWB_PAYLOAD where there is none, as before a normalize node and after a map node. */
export function genericMessageOf({ payload }: Msg, nodeName: string): GenericMessage {
  if (isGenericMessage(payload)) return payload;
  throw new SwitchboardError('SWB_PAYLOAD', say`msg.payload is not a generic message.`, {
    where: nodeName,
    field: 'msg.payload',
    hint: say`Place this node after a normalize node and not after a map node, and let no node in between replace msg.payload.`,
  });
}
