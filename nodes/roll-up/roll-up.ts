import type { Node, NodeAPI, NodeDef } from 'node-red';
import { placeOf } from '../../src/conversation/check-route.js';
import { DEFAULT_ROLL_UP, ROLL_UP_WHEN, type RollUpRule } from '../../src/conversation/roll-up.js';
import { orderNodes } from '../../src/delivery/order-nodes.js';
import type { OrderNotice } from '../../src/delivery/order-notices.js';
import { SwitchboardError } from '../../src/errors.js';
import { STATES } from '../../src/model/message.js';
import { say } from '../../src/text/say.js';
import { whenValid } from '../kit/configured.js';
import { envelopeOf, genericMessageOf, handle } from '../kit/handle.js';
import { requireEndpoint } from '../kit/parties.js';
import { takePlanMessages } from '../kit/plan-messages.js';
import { choiceSetting } from '../kit/settings.js';
import { show } from '../kit/status.js';
import type { RollUpConfig } from './roll-up.config.js';
import { stateText } from './state-text.js';

export = (RED: NodeAPI) => {
  function RollUp(this: Node, config: NodeDef & RollUpConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'roll up';
    const rules = config.rules?.length ? config.rules : DEFAULT_ROLL_UP;
    const check = () => checkRules(RED, rules, where);
    whenValid(RED, this, check);
    handle(this, async (msg, send) => {
      check();
      const envelope = envelopeOf(msg, where);
      const message = genericMessageOf(msg, where);
      if (!envelope.conversation) {
        throw new SwitchboardError('SWB_PAYLOAD', say`The message does not belong to a conversation.`, {
          where,
          hint: say`Place a conversation correlate node before this one.`,
        });
      }
      const broker = await requireEndpoint(RED, envelope.endpoint, where).broker;
      const whole = await broker.legs.rollUp(envelope, this.id, rules, message);
      if (!whole) return show(this, 'ok', say`ignored: ${message.source.number ?? message.source.id}`);
      msg.payload = whole;
      send(msg);
      show(this, 'ok', whole.fields.state ? stateText(whole.fields.state) : say`unchanged`);
    });
    // What the customer has to know without a message of a vendor: a refused order, for example.
    takePlanMessages<OrderNotice>(RED, this, async ({ broker, payload, reference, msg }) => {
      const whole = await broker.legs.notify(reference, this.id, rules, payload);
      if (whole?.fields.state) show(this, 'ok', stateText(whole.fields.state));
      return () => {
        if (whole) this.send({ ...msg, payload: whole });
      };
    });
    this.on('close', orderNodes.add('rollUp', this.id, this.z ?? ''));
  }
  RED.nodes.registerType('switchboard-roll-up', RollUp as never);
};

/** Throws SWB_CONFIG if a rule has a word that is none of its list. */
function checkRules(RED: NodeAPI, rules: readonly RollUpRule[], where: string): void {
  for (const [index, { when, of, gives }] of rules.entries()) {
    const rule = placeOf(index + 1, where);
    choiceSetting(RED, when, ROLL_UP_WHEN, 'when', rule);
    for (const state of of) choiceSetting(RED, state, STATES, 'of', rule);
    choiceSetting(RED, gives, STATES, 'gives', rule);
  }
}
