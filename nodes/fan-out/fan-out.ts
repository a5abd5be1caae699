import type { Node, NodeAPI, NodeDef } from 'node-red';
import { checkConditions, checkLegs, legOf } from '../../src/conversation/check-legs.js';
import type { LegMessage } from '../../src/conversation/fan-out.js';
import { FAN_OUT_BY, type FanOutLeg, type FanOutRules } from '../../src/conversation/fan-out-rules.js';
import type { Broker } from '../../src/delivery/broker.js';
import { brokers, watchBrokers } from '../../src/delivery/brokers.js';
import { errorRecord } from '../../src/delivery/error-record.js';
import type { Compensation } from '../../src/delivery/legs.js';
import { SwitchboardError } from '../../src/errors.js';
import { sharedExpressions } from '../../src/mapping/expressions.js';
import type { GenericMessage } from '../../src/model/message.js';
import { FAILURE_POLICIES, type MessageRecord } from '../../src/store/store.js';
import { say } from '../../src/text/say.js';
import { reportInvalid, whenValid } from '../kit/configured.js';
import { envelopeFor } from '../kit/envelope.js';
import { flowTracker } from '../kit/flow-tracker.js';
import { envelopeOf, genericMessageOf, handle, type Msg } from '../kit/handle.js';
import { requireEndpoint } from '../kit/parties.js';
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
    const unassignedWired = (wires[legs.length]?.length ?? 0) > 0;

    /** The message for each output: one per leg. */
    const outputs = (msg: Msg, legMessages: LegMessage[]): (Msg | null)[] => {
      const out: (Msg | null)[] = Array.from({ length: legs.length + 1 }, () => null);
      for (const { leg, message } of legMessages) {
        const port = legs.findIndex((l) => l.name === leg);
        if (port < 0)
          throw new SwitchboardError('SWB_CONFIG', say`The order has a leg "${leg}", which this node no longer has.`, {
            where,
            field: 'legs',
            hint: say`Add a leg with that name to the node, deploy, then replay the message.`,
          });
        const copy = RED.util.cloneMessage(msg as never) as Msg;
        if (copy.switchboard) copy.switchboard.leg = leg;
        copy.payload = message;
        out[port] = copy;
      }
      return out;
    };

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
      const shared = await broker.legs.fanOut(
        envelope,
        this.id,
        rules,
        message,
        (leg) => matching.has(leg.name),
        unassignedWired,
      );
      if (!shared) return;
      const out = outputs(msg, shared.legs);
      if (shared.unassigned.length || (rules.by === 'target' && shared.legs.length === 0 && message.changed === undefined)) {
        const items = shared.unassigned.length ? { items: shared.unassigned } : {};
        out[legs.length] = { ...msg, payload: { ...message, fields: { ...message.fields, ...items } } };
      }
      send(out);
      show(this, 'ok', shared.legs.map((l) => l.leg).join(', ') || say`no changes`);
    });

    // When a leg fails, the cancellation of the other legs is stored as an inbox message of this node, so that it is not lost.
    const tracker = flowTracker(RED);
    const attached = new Map<Broker, () => Promise<void>>();
    const attach = () => {
      const running = brokers();
      for (const broker of attached.keys()) if (!running.includes(broker)) attached.delete(broker);
      for (const broker of running) {
        if (attached.has(broker)) continue;
        const emit = async (
          record: MessageRecord,
          payload: Compensation,
          emission: string,
          onIdle: (error?: ReturnType<typeof errorRecord>) => void,
        ) => {
          try {
            const legMessages = await broker.legs.cancelRest({ messageId: record.id, emission }, payload);
            const envelope = await envelopeFor(broker, record, emission);
            const out = outputs(
              { _msgid: RED.util.generateId(), topic: record.number, switchboard: envelope } as Msg,
              legMessages,
            );
            tracker.follow(envelope, this.id, () => this.send(out as never), onIdle);
            show(this, 'warning', say`${payload.failed} failed: canceling ${payload.cancel.join(', ')}`);
          } catch (error) {
            onIdle(errorRecord(error, new Date().toISOString()));
          }
        };
        attached.set(
          broker,
          broker.inbox.attach(this.id, {
            read: async () => undefined,
            emit: (record, payload, emission, onIdle) => void emit(record, payload as unknown as Compensation, emission, onIdle),
            ended: (emission) => tracker.drop(emission),
          }),
        );
      }
    };
    attach();
    const unwatch = watchBrokers(attach);
    this.on('close', (_removed: boolean, done: () => void) => {
      unwatch();
      tracker.forget(this.id);
      Promise.allSettled([...attached.values()].map((detach) => detach())).then(() => done());
    });
  }
  RED.nodes.registerType('switchboard-fan-out', FanOut as never);
};

async function matches({ condition, name }: FanOutLeg, message: GenericMessage, where: string): Promise<boolean> {
  return !condition || Boolean(await sharedExpressions().evaluate(condition, message, { where: legOf(name, where) }));
}
