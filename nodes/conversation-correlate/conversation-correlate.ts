import type { Node, NodeAPI, NodeDef } from 'node-red';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import { conversationOf } from '../kit/envelope.js';
import { envelopeOf, genericMessageOf, handle } from '../kit/handle.js';
import { requireEndpoint } from '../kit/parties.js';
import { show } from '../kit/status.js';
import type { ConversationCorrelateConfig } from './conversation-correlate.config.js';

const PORTS = { new: 0, update: 1, ignored: 2 } as const;
const STATUS: Record<keyof typeof PORTS, (number: string) => string> = {
  new: (number) => say`new: ${number}`,
  update: (number) => say`update: ${number}`,
  ignored: (number) => say`ignored: ${number}`,
};

export = (RED: NodeAPI) => {
  function ConversationCorrelate(this: Node, config: NodeDef & ConversationCorrelateConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'conversation correlate';
    handle(this, async (msg, send) => {
      const envelope = envelopeOf(msg, where);
      const { incoming } = envelope;
      if (!incoming) {
        throw new SwitchboardError('SWB_PAYLOAD', say`The message has not been normalized.`, {
          where,
          hint: say`Place a normalize node between the in node and this one.`,
        });
      }
      const message = genericMessageOf(msg, where);
      const broker = await requireEndpoint(RED, envelope.endpoint, where).broker;
      const { made: _made, ...read } = incoming;
      const found = await broker.correlate(envelope, { message, ...read });
      if (!found) return;
      envelope.conversation = conversationOf(found.conversation, found.output === 'new');
      msg.payload = found.message;
      const outputs = [null, null, null] as (typeof msg | null)[];
      outputs[PORTS[found.output]] = msg;
      if (found.output === 'ignored') Object.assign(msg, { reason: found.reason });
      send(outputs);
      show(this, 'ok', STATUS[found.output](found.message.source.number ?? found.message.source.id));
    });
  }
  RED.nodes.registerType('switchboard-conversation-correlate', ConversationCorrelate as never);
};
