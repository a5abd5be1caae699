import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DEFAULT_ROLL_UP } from '../../src/conversation/roll-up.js';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import { envelopeOf, genericMessageOf, handle } from '../kit/handle.js';
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
      const message = genericMessageOf(msg, where);
      if (!envelope.conversation) {
        throw new SwitchboardError('SWB_PAYLOAD', say`The message does not belong to a conversation.`, {
          where,
          hint: say`Place a conversation correlate node before this one.`,
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
