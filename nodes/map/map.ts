import type { Node, NodeAPI, NodeDef } from 'node-red';
import { genericValues, outgoingComments } from '../../src/conversation/outgoing.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import type { Problem } from '../../src/mapping/mapping.js';
import { sourcesOf } from '../../src/mapping/sources.js';
import type { GenericMessage, Json } from '../../src/model/message.js';
import { say } from '../../src/text/say.js';
import { whenValid } from '../kit/configured.js';
import { entityTypeAt, entityTypeToWrite } from '../kit/entity-types.js';
import type { Envelope } from '../kit/envelope.js';
import { envelopeOf, genericMessageOf, handle, type Msg } from '../kit/handle.js';
import { mappingFor, mappingReference } from '../kit/mappings.js';
import { requireEndpoint } from '../kit/parties.js';
import { show, showError } from '../kit/status.js';
import type { MapConfig } from './map.config.js';

export = (RED: NodeAPI) => {
  function MapNode(this: Node, config: NodeDef & MapConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'map';
    const invalidWired = ((this as unknown as { wires: string[][] }).wires?.[1]?.length ?? 0) > 0;
    const chosenType = config.entityType || 'incident';
    whenValid(RED, this, () => {
      const { client } = requireEndpoint(RED, config.endpoint, where);
      if (config.mapping) return mappingFor(RED, config.mapping, client, entityTypeAt(client, chosenType), where).check();
    });
    handle(this, async (msg, send) => {
      const envelope = envelopeOf(msg, where);
      const endpoint = requireEndpoint(RED, config.endpoint, where);
      const { client } = endpoint;
      const entityType = entityTypeToWrite(client, chosenType, envelope);
      const mapping = mappingFor(RED, config.mapping, client, entityType, where);
      const message = genericMessageOf(msg, where);
      const { body, changed, defaults, trace, problems } = await mapping.fromGeneric(message);
      const broker = await endpoint.broker;
      broker.countUnmapped(envelope, { ...mappingReference(mapping, config.mapping), direction: 'out' }, problems);
      // A deleted entity has no fields left, so required ones may be missing.
      const isDeleted = message.event === 'deleted' && message.changed !== undefined;
      // An update writes what changed: what the other fields carry along is the partners' own affair.
      const isCreate = !message.changed || !hasEntity(envelope, endpoint.id, entityType);
      const wrong = [
        ...problems.filter((p) => !isDeleted || p.code !== 'required'),
        ...validate(client, entityType, body, message).filter(({ field }) => isCreate || changed.includes(topOf(field))),
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
      if (wrong.length > 0)
        return invalid(this, msg, send, wrong, where, invalidWired, (error) => broker.reject(envelope, error));
      send([msg, null]);
      const warning = problems.find((p) => p.level === 'warning');
      if (warning) show(this, 'warning', warning.text);
      else show(this, 'ok', say`for ${endpoint.label}`);
    });
  }
  RED.nodes.registerType('switchboard-map', MapNode as never);
};

/** Sends all errors to output 2. If that is not wired, the message fails, so that catch nodes and the Messages view show them. */
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
    hint: say`Correct the mapping or the message, deploy, then replay the message.`,
  });
  if (!wired) throw error;
  reject(error);
  showError(node, error);
  send([null, Object.assign(msg, { problems })]);
}

/** Whether the conversation has an entity of that type at the endpoint, of the message's leg. */
function hasEntity({ conversation, leg = '' }: Envelope, endpoint: string, entityType: string): boolean {
  const entities = conversation?.entities ?? [];
  return entities.some((one) => one.endpoint === endpoint && one.entityType === entityType && one.leg === leg);
}

/** The field of a payload that a place in it belongs to: `note` of `note.0.text`. */
function topOf(place: string): string {
  return place.split(/[.[]/)[0] ?? place;
}

/** Validates a payload as for a create, because an update may become one. A cancellation or deletion never creates anything. */
function validate(client: EndpointClient, entityType: string, body: Record<string, Json>, message: GenericMessage): Problem[] {
  const isEnd = message.event === 'cancelled' || message.event === 'deleted';
  return isEnd && message.changed ? [] : client.validate(entityType, body);
}
