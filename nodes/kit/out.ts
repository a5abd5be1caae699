import type { Node, NodeAPI, NodeDef } from 'node-red';
import { isGenericMessage } from '../../src/conversation/generic-message.js';
import { NodeCounts } from '../../src/delivery/node-counts.js';
import { systemOf } from '../../src/endpoints/registry.js';
import type { System } from '../../src/endpoints/system.js';
import { SwitchboardError } from '../../src/errors.js';
import type { GenericAttachment, GenericComment, Json } from '../../src/model/message.js';
import { say } from '../../src/text/say.js';
import { clockTime } from './clock-time.js';
import { whenValid } from './configured.js';
import { emitOwn } from './emission.js';
import { entityTypeToWrite, requireSystem } from './entity-types.js';
import { envelopeOf, handle, type Msg } from './handle.js';
import { log } from './log.js';
import { migrate } from './migrate.js';
import type { OutConfig } from './out.config.js';
import { requireEndpoint } from './parties.js';
import { attentionText, countDown, show } from './status.js';
import { type Session, whileOpen } from './while-open.js';

/** The out node of a system. */
export function outNode(RED: NodeAPI, id: string) {
  const system = systemOf(id);
  function Out(this: Node, given: NodeDef & OutConfig) {
    RED.nodes.createNode(this, given);
    queuePayloads(RED, this, migrate(given, system.migrations?.out), system);
  }
  return { node: Out, options: {} };
}

/**
 * Queues each payload for delivery, shows the state of the deliveries, and emits the partner's answers, which pass through the
 * inbox like any message.
 */
function queuePayloads(RED: NodeAPI, node: Node, config: NodeDef & OutConfig, system: System): void {
  const where = config.name || `${system.id} out`;
  const chosen = config.entityType || (system.entityTypes[0] ?? '');
  const wired = (node as unknown as { wires?: string[][] }).wires?.some((wires) => wires.length > 0) ?? false;

  handle(node, async (msg: Msg) => {
    const envelope = envelopeOf(msg, where);
    const endpoint = requireEndpoint(RED, config.endpoint, where);
    requireSystem(endpoint.client, system.id, where);
    const entityType = entityTypeToWrite(endpoint.client, chosen, envelope);
    if (!envelope.conversation) {
      throw new SwitchboardError('SWB_PAYLOAD', say`The message does not belong to a conversation.`, {
        where,
        hint: say`Place a conversation correlate node before the out node.`,
      });
    }
    const { payload } = msg;
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
      throw new SwitchboardError(
        'SWB_PAYLOAD',
        Array.isArray(payload)
          ? say`msg.payload is an array, not an object.`
          : say`msg.payload is of type ${typeof payload}, not an object.`,
        {
          where,
          field: 'msg.payload',
          hint: say`Set msg.payload to an object with the fields to write, as the map node does.`,
        },
      );
    }
    if (isGenericMessage(payload)) {
      throw new SwitchboardError('SWB_PAYLOAD', say`msg.payload is a generic message, not a record of ${endpoint.label}.`, {
        where,
        field: 'msg.payload',
        hint: say`Place a map node before the out node.`,
      });
    }
    const outgoing = envelope.outgoing;
    if (outgoing && outgoing.endpoint !== endpoint.id) {
      throw new SwitchboardError('SWB_CONFIG', say`The map node before this out node maps for another endpoint.`, {
        where,
        hint: say`Choose the same endpoint in both nodes.`,
      });
    }
    if (outgoing && outgoing.entityType !== entityType) {
      throw new SwitchboardError(
        'SWB_CONFIG',
        say`The map node before this out node maps to ${outgoing.entityType}, but this node writes ${entityType}.`,
        { where, field: 'entityType', hint: say`Choose the same record type in both nodes.` },
      );
    }
    const fields = payload as Record<string, Json>;
    const broker = await endpoint.broker;
    await broker.acceptLeg({
      message: envelope.messageId,
      emission: envelope.emission,
      conversation: envelope.conversation.id,
      node: node.id,
      endpoint: endpoint.id,
      entityType,
      leg: envelope.leg ?? '',
      from: { endpoint: envelope.endpoint, entityType: envelope.entityType, entityId: envelope.entityId },
      request: {
        fields,
        changed: outgoing?.changed ?? Object.keys(fields),
        defaults: outgoing?.defaults ?? [],
        sources: outgoing?.sources ?? {},
        generic: outgoing?.generic ?? {},
        made: outgoing?.made,
        read: envelope.incoming?.made,
      },
      comments: (outgoing?.comments ?? []) as GenericComment[],
      attachments: (outgoing?.attachments ?? []) as GenericAttachment[],
      answers: wired,
      joinsOthers: config.joinsOthers === true,
    });
  });

  const showDeliveries = async (session: Session) => {
    const { broker } = session;
    const endpoint = requireEndpoint(RED, config.endpoint, where);
    const worker = broker.worker(endpoint.id);
    const counts = new NodeCounts(broker.store, 'delivery', node.id, () => updateStatus());
    session.onEnd(() => counts.stop());
    const updateStatus = () => {
      const { circuit, strange, resumesAt = 0, suspended, paused, outage } = worker?.status ?? { circuit: 'closed' };
      const { inFlight, nextTry } = counts;
      const attention = attentionText(counts);
      const { label } = endpoint;
      if (suspended) {
        const text = suspended.by ? say`${label} suspended by ${suspended.by}` : say`${label} suspended`;
        show(node, 'waiting', text + attention);
      } else if (paused) {
        const text = say`${label} rejects everything`;
        countDown(node, 'error', paused.nextCheck, (when) => `${text}, ${say`next check ${when}`}${attention}`);
      } else if (circuit === 'open') {
        const since = clockTime(outage ? Date.parse(outage.since) : Date.now(), Date.now());
        const text = strange ? say`unexpected responses from ${label} since ${since}` : say`${label} unavailable since ${since}`;
        countDown(node, 'error', resumesAt, (when) => `${text}, ${say`retry ${when}`}${attention}`);
      } else if (inFlight) show(node, 'busy', say`${inFlight} in flight` + attention);
      else if (nextTry) countDown(node, 'waiting', nextTry, (when) => say`retry ${when}` + attention);
      else show(node, attention ? 'warning' : 'ok', say`connected` + attention);
    };
    if (worker) {
      session.onEnd(worker.onStatus(updateStatus));
      session.onEnd(
        worker.on({
          delivered: (delivery, warning) => {
            if (delivery.node !== node.id || !warning) return;
            log(node, 'warn', warning);
          },
          failed: (delivery, error, cause) => {
            if (delivery.node !== node.id) return;
            const failure = Object.assign(new Error(error.message, { cause }), { name: error.code, code: error.code });
            log(node, 'error', failure, {
              topic: delivery.number ?? delivery.conversation,
              switchboard: { failed: delivery.id },
            });
          },
        }),
      );
    }
    if (wired) session.onEnd(emitOwn(RED, node, broker));
    await counts.begin(endpoint.id);
  };
  whenValid(RED, node, () => {
    const endpoint = requireEndpoint(RED, config.endpoint, where);
    requireSystem(endpoint.client, system.id, where);
    whileOpen(node, endpoint, showDeliveries);
  });
}
