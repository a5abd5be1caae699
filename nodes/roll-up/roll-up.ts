import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DEFAULT_ROLL_UP } from '../../src/conversation/roll-up.js';
import { SwitchboardError } from '../../src/errors.js';
import type { GenericMessage } from '../../src/model/message.js';
import { say } from '../../src/text/say.js';
import { envelopeOf, handle } from '../kit/handle.js';
import { requireEndpoint } from '../kit/parties.js';
import { show } from '../kit/status.js';
import type { RollUpConfig } from './roll-up.config.js';
import { stateText } from './state-text.js';

export = (RED: NodeAPI) => {
  function RollUp(this: Node, config: NodeDef & RollUpConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'roll up';
    const rules = config.rules?.length ? config.rules : DEFAULT_ROLL_UP;
    handle(this, async (msg, send) => {
      const envelope = envelopeOf(msg, where);
      const message = msg.payload as GenericMessage;
      if (!envelope.conversation || !message?.source || !message.fields) {
        throw new SwitchboardError('SWB_PAYLOAD', say`The message has not been correlated.`, {
          where,
          hint: say`Place the roll-up node after a normalize and a conversation correlate node.`,
        });
      }
      const broker = await requireEndpoint(RED, envelope.endpoint, where).broker;
      const whole = await broker.legs.rollUp(envelope, rules, message);
      msg.payload = whole;
      send(msg);
      show(this, 'ok', whole.fields.state ? stateText(whole.fields.state) : say`unchanged`);
    });
  }
  RED.nodes.registerType('switchboard-roll-up', RollUp as never);
};
