import type { Node, NodeAPI, NodeDef } from 'node-red';
import { checkConditions, checkLegs, legOf } from '../../src/conversation/check-legs.js';
import { FAN_OUT_BY, type FanOutLeg, type FanOutRules, rowIdOf } from '../../src/conversation/fan-out-rules.js';
import type { LegMessage } from '../../src/conversation/leg-messages.js';
import type { Compensation } from '../../src/delivery/legs.js';
import { orderNodes } from '../../src/delivery/order-nodes.js';
import { SwitchboardError } from '../../src/errors.js';
import { sharedExpressions } from '../../src/mapping/expressions.js';
import type { GenericMessage } from '../../src/model/message.js';
import { FAILURE_POLICIES } from '../../src/store/store.js';
import { say } from '../../src/text/say.js';
import { reportInvalid, whenValid } from '../kit/configured.js';
import { envelopeOf, genericMessageOf, handle, type Msg } from '../kit/handle.js';
import { requireEndpoint } from '../kit/parties.js';
import { takePlanMessages } from '../kit/plan-messages.js';
import { choiceSetting } from '../kit/settings.js';
import { show } from '../kit/status.js';
import { type FanOutConfig, fanOutDefaults } from './fan-out.config.js';

export = (RED: NodeAPI) => {
  function FanOut(this: Node, config: NodeDef & FanOutConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'fan out';
    const legs = config.legs ?? [];
    const rules: FanOutRules = { ...fanOutDefaults, legs };
    const wires = (this as unknown as { wires: string[][] }).wires ?? [];
    const isWired = (port: number) => (wires[port]?.length ?? 0) > 0;
    const portOf = (row: string) => legs.findIndex((leg) => rowIdOf(leg) === row);
    const leads = (row: string) => portOf(row) >= 0 && isWired(portOf(row));

    /** Sends the message of each leg to the output of its row. */
    const sendLegs = (msg: Msg, legMessages: LegMessage[], send: (out: (Msg | null)[]) => void): void => {
      for (const { leg, row, message } of legMessages) {
        const copy = RED.util.cloneMessage(msg as never) as Msg;
        if (copy.switchboard) copy.switchboard.leg = leg;
        copy.payload = message;
        send(outputOf(portOf(row), copy));
      }
    };
    /** Throws SWB_CONFIG where legs of an order got nothing, because their row is gone or leads nowhere. */
    const requireAll = (unreached: readonly string[]): void => {
      const gone = unreached.filter((row) => portOf(row) < 0);
      const field = 'legs';
      if (gone.length > 0)
        throw new SwitchboardError('SWB_CONFIG', say`The order has a leg "${gone.join(', ')}", which this node no longer has.`, {
          where,
          field,
          hint: say`The other legs go on. Add a leg with that name to the node, wire its output, deploy, then replay the message.`,
        });
      const names = unreached.map((row) => legs[portOf(row)]?.name ?? row).join(', ');
      if (unreached.length > 0)
        throw new SwitchboardError('SWB_CONFIG', say`The output of the leg "${names}" is not wired.`, {
          where,
          field,
          hint: say`The other legs go on. Wire the output, deploy, then replay the message.`,
        });
    };
    const outputOf = (port: number, msg: Msg): (Msg | null)[] =>
      Array.from({ length: legs.length + 1 }, (_, at) => (at === port ? msg : null));

    try {
      checkLegs(legs, where);
      rules.by = choiceSetting(RED, config.by, FAN_OUT_BY, 'by', where) ?? rules.by;
      rules.onFailure = choiceSetting(RED, config.onFailure, FAILURE_POLICIES, 'onFailure', where) ?? rules.onFailure;
    } catch (error) {
      reportInvalid(this, error);
      return;
    }
    whenValid(RED, this, () => checkConditions(legs, where));
    handle(this, async (msg, send) => {
      const envelope = envelopeOf(msg, where);
      if (!envelope.conversation) {
        throw new SwitchboardError('SWB_PAYLOAD', say`The message does not belong to a conversation.`, {
          where,
          hint: say`Place a conversation correlate node before this one.`,
        });
      }
      const message = genericMessageOf(msg, where);
      const broker = await requireEndpoint(RED, envelope.endpoint, where).broker;
      const matching = new Set<string>();
      if (rules.by === 'target') for (const leg of legs) if (await matches(leg, message, where)) matching.add(leg.name);
      const shared = await broker.legs.fanOut(envelope, this.id, rules, message, {
        fits: (leg) => matching.has(leg.name),
        leads,
        spare: isWired(legs.length),
      });
      if (!shared) return;
      const isForNobody = rules.by === 'target' && shared.legs.length + shared.unreached.length === 0;
      if (shared.unassigned.length || (isForNobody && message.changed === undefined)) {
        const items = shared.unassigned.length ? { items: shared.unassigned } : {};
        send(outputOf(legs.length, { ...msg, payload: { ...message, fields: { ...message.fields, ...items } } }));
      }
      sendLegs(msg, shared.legs, send);
      requireAll(shared.unreached);
      show(this, 'ok', shared.legs.map((l) => l.leg).join(', ') || say`no changes`);
    });

    // The cancellation of the other legs when one fails.
    takePlanMessages<Compensation>(RED, this, async ({ broker, payload, reference, msg }) => {
      const all = await broker.legs.cancelRest(reference, payload);
      const reached = all.filter(({ row }) => leads(row));
      show(this, 'warning', say`${payload.failed} failed: canceling ${payload.cancel.join(', ')}`);
      return () => {
        sendLegs(msg, reached, (out) => this.send(out as never));
        try {
          requireAll(all.filter((one) => !reached.includes(one)).map(({ row }) => row));
        } catch (error) {
          broker.reject(reference, error as SwitchboardError);
        }
      };
    });
    this.on('close', orderNodes.add('fanOut', this.id, this.z ?? '', rules.onFailure));
  }
  RED.nodes.registerType('switchboard-fan-out', FanOut as never);
};

async function matches({ condition, name }: FanOutLeg, message: GenericMessage, where: string): Promise<boolean> {
  return !condition || Boolean(await sharedExpressions().evaluate(condition, message, { where: legOf(name, where) }));
}
