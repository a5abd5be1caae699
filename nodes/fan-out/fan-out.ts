import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { LegMessage } from '../../src/conversation/fan-out.js';
import type { FanOutLeg } from '../../src/conversation/fan-out-rules.js';
import type { Broker } from '../../src/delivery/broker.js';
import { brokers, watchBrokers } from '../../src/delivery/brokers.js';
import type { Compensation } from '../../src/delivery/legs.js';
import { errorRecord } from '../../src/delivery/worker.js';
import { SwitchboardError } from '../../src/errors.js';
import { Expressions, sharedExpressions } from '../../src/mapping/expressions.js';
import type { GenericMessage } from '../../src/model/message.js';
import type { MessageRecord } from '../../src/store/store.js';
import { envelopeFor } from '../kit/envelope.js';
import { flowTracker } from '../kit/flow-tracker.js';
import { asError, envelopeOf, handle, type Msg } from '../kit/handle.js';
import { usedEndpoint } from '../kit/parties.js';
import { show } from '../kit/status.js';
import { type FanOutConfig, LEG_NAME } from './fan-out.config.js';

export = (RED: NodeAPI) => {
  function FanOut(this: Node, config: NodeDef & FanOutConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'fan out';
    const legs = config.legs ?? [];
    const rules = { by: config.by, legs, onFailure: config.onFailure };
    const wires = (this as unknown as { wires: string[][] }).wires ?? [];
    const spareWired = (wires[legs.length]?.length ?? 0) > 0;

    /** One message for each output; each leg's goes on by itself. */
    const outputs = (msg: Msg, told: LegMessage[]): (Msg | null)[] => {
      const out: (Msg | null)[] = Array.from({ length: legs.length + 1 }, () => null);
      for (const { leg, message } of told) {
        const port = legs.findIndex((l) => l.name === leg);
        if (port < 0)
          throw new SwitchboardError('SWB_CONFIG', `The order has a part «${leg}», which is no leg of this node any more.`, {
            where,
            field: 'legs',
            hint: 'Add the leg again under that name, deploy, then replay the message.',
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
    } catch (error) {
      show(this, 'error', asError(error).message);
      this.error(asError(error).message);
      return;
    }
    handle(this, async (msg, send) => {
      const envelope = envelopeOf(msg, where);
      if (!envelope.conversation) {
        throw new SwitchboardError('SWB_PAYLOAD', 'The message belongs to no conversation.', {
          where,
          hint: 'Put a «conversation correlate» node before this one.',
        });
      }
      const broker = await usedEndpoint(RED, envelope.endpoint, where).broker;
      const message = msg.payload as GenericMessage;
      const fitting = new Set<string>();
      if (config.by === 'target') for (const leg of legs) if (await holds(leg, message)) fitting.add(leg.name);
      const shared = await broker.legs.shareOut(
        envelope.messageId,
        this.id,
        rules,
        message,
        (leg) => fitting.has(leg.name),
        spareWired,
      );
      if (!shared) return;
      const out = outputs(msg, shared.legs);
      if (shared.unassigned.length || (config.by === 'target' && shared.legs.length === 0 && message.changed === undefined)) {
        const items = shared.unassigned.length ? { items: shared.unassigned } : {};
        out[legs.length] = { ...msg, payload: { ...message, fields: { ...message.fields, ...items } } };
      }
      send(out);
      show(this, 'ok', shared.legs.map((l) => l.leg).join(', ') || 'nothing to tell');
    });

    // What a failed leg means for the others is kept in the inbox under this node, like everything that must not be lost.
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
          quiet: (error?: ReturnType<typeof errorRecord>) => void,
        ) => {
          try {
            const told = await broker.legs.cancelRest(record.id, payload);
            const envelope = await envelopeFor(broker, record);
            const out = outputs({ _msgid: RED.util.generateId(), topic: record.number, switchboard: envelope } as Msg, told);
            tracker.follow(record.id, this.id, () => this.send(out as never), quiet);
            show(this, 'warning', `${payload.failed} failed: cancelling ${payload.cancel.join(', ')}`);
          } catch (error) {
            quiet(errorRecord(error, new Date().toISOString()));
          }
        };
        attached.set(
          broker,
          broker.inbox.attach(this.id, {
            read: async () => undefined,
            emit: (record, payload, quiet) => void emit(record, payload as unknown as Compensation, quiet),
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

/** Throws SWB_CONFIG when a leg is not as it must be. */
function checkLegs(legs: FanOutLeg[], where: string): void {
  const wrong = (what: string, hint: string) => new SwitchboardError('SWB_CONFIG', what, { where, field: 'legs', hint });
  if (legs.length === 0) throw wrong('It has no legs.', 'Add one for each party in the node’s dialog.');
  const names = new Set<string>();
  for (const leg of legs) {
    if (!LEG_NAME.test(leg.name))
      throw wrong(`«${leg.name}» is no name of a leg.`, 'Use letters, digits and dashes, 24 at most.');
    if (names.has(leg.name)) throw wrong(`Two legs are called «${leg.name}».`, 'Give each a name of its own.');
    names.add(leg.name);
    for (const { leg: other } of leg.after ?? [])
      if (!legs.some((l) => l.name === other))
        throw wrong(`The leg «${leg.name}» waits for «${other}», which is no leg.`, 'Choose another one.');
    if (leg.condition) Expressions.check(leg.condition, `${where}, leg «${leg.name}»`);
  }
  const ring = legs.find((leg) => waitsForItself(leg, legs));
  if (ring) throw wrong(`The leg «${ring.name}» waits for itself, through others.`, 'Take one of the conditions away.');
}

function waitsForItself(leg: FanOutLeg, legs: FanOutLeg[], from = leg, seen = new Set<string>()): boolean {
  if (seen.has(from.name)) return false;
  seen.add(from.name);
  return (from.after ?? []).some(({ leg: name }) => {
    const next = legs.find((l) => l.name === name);
    return name === leg.name || (next !== undefined && waitsForItself(leg, legs, next, seen));
  });
}

async function holds(leg: FanOutLeg, message: GenericMessage): Promise<boolean> {
  return !leg.condition || Boolean(await sharedExpressions().evaluate(leg.condition, message));
}
