import type { Node, NodeAPI, NodeDef } from 'node-red';
import { genericValues, outgoingComments } from '../../src/conversation/outgoing.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import type { Problem } from '../../src/mapping/mapping.js';
import { sourcesOf } from '../../src/mapping/sources.js';
import type { GenericMessage, Json } from '../../src/model/message.js';
import { entityTypeToWrite } from '../kit/entity-types.js';
import { envelopeOf, handle, type Msg } from '../kit/handle.js';
import { mappingFor, mappingReference } from '../kit/mappings.js';
import { requireEndpoint } from '../kit/parties.js';
import { show } from '../kit/status.js';
import type { MapConfig } from './map.config.js';

export = (RED: NodeAPI) => {
  function MapNode(this: Node, config: NodeDef & MapConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'map';
    const invalidWired = ((this as unknown as { wires: string[][] }).wires?.[1]?.length ?? 0) > 0;
    handle(this, async (msg, send) => {
      const envelope = envelopeOf(msg, where);
      const endpoint = requireEndpoint(RED, config.endpoint, where);
      const { client } = endpoint;
      const entityType = entityTypeToWrite(client, config.entityType || 'incident', envelope);
      const mapping = mappingFor(RED, config.mapping, client, entityType, where);
      const message = msg.payload as GenericMessage;
      if (!message?.source || !message.fields) {
        throw new SwitchboardError('SWB_PAYLOAD', 'msg.payload is not a generic message.', {
          where,
          hint: 'Wire the map node after normalize and conversation correlate.',
        });
      }
      const { body, changed, defaults, trace, problems } = await mapping.fromGeneric(message);
      const broker = await endpoint.broker;
      broker.countUnmapped(envelope.messageId, { ...mappingReference(mapping, config.mapping), direction: 'out' }, problems);
      // A deletion has no other fields, so required ones may be missing.
      const isDeletion = message.event === 'deleted' && message.changed !== undefined;
      const errors = [
        ...problems.filter((p) => !isDeletion || p.code !== 'required'),
        ...validate(client, entityType, body, message),
      ].filter((p) => p.level === 'error');
      const sources = sourcesOf(trace);
      envelope.outgoing = {
        endpoint: endpoint.id,
        entityType,
        changed,
        defaults,
        sources,
        generic: genericValues(message, sources),
        comments: outgoingComments(message, problems, mapping.mapping, client),
        attachments: message.attachments,
        made: { ...mappingReference(mapping, config.mapping), trace },
      };
      msg.payload = body;
      if (errors.length > 0)
        return invalid(this, msg, send, errors, where, invalidWired, (text) => broker.reject(envelope.messageId, text));
      send([msg, null]);
      const warning = problems.find((p) => p.level === 'warning');
      if (warning) show(this, 'warning', warning.text);
      else show(this, 'ok', `for ${endpoint.label}`);
    });
  }
  RED.nodes.registerType('switchboard-map', MapNode as never);
};

/** Output 2 emits all errors; if it is not wired, the message fails, so that a catch node and the messages view report it. */
function invalid(
  node: Node,
  msg: Msg,
  send: (out: (Msg | null)[]) => void,
  problems: Problem[],
  where: string,
  wired: boolean,
  reject: (error: SwitchboardError) => void,
): void {
  const code = problems.some((p) => p.code === 'unmapped') ? 'SWB_UNMAPPED' : 'SWB_PAYLOAD';
  const error = new SwitchboardError(code, problems.map((p) => p.text).join(' '), {
    where,
    field: problems[0]?.field,
    hint: 'Fix the mapping or the message, deploy, then replay it.',
  });
  if (!wired) throw error;
  reject(error);
  show(node, 'error', error.message);
  send([null, Object.assign(msg, { problems })]);
}

/** The errors for which the target would reject a create, because an update may become one. A cancellation or deletion never creates a record. */
function validate(client: EndpointClient, entityType: string, body: Record<string, Json>, message: GenericMessage): Problem[] {
  const isEnd = message.event === 'cancelled' || message.event === 'deleted';
  return isEnd && message.changed ? [] : client.validate(entityType, body);
}
