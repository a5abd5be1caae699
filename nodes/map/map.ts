import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import type { Mapping, Problem } from '../../src/mapping/mapping.js';
import type { GenericComment, GenericMessage, Json } from '../../src/model/message.js';
import { entityTypeToWrite } from '../kit/entity-types.js';
import { envelopeOf, handle, type Msg } from '../kit/handle.js';
import { mappingFor, placeOf, sourcesOf } from '../kit/mappings.js';
import { endpointNode } from '../kit/parties.js';
import { show } from '../kit/status.js';
import type { MapConfig } from './map.config.js';

export = (RED: NodeAPI) => {
  function MapNode(this: Node, config: NodeDef & MapConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'map';
    const invalidWired = ((this as unknown as { wires: string[][] }).wires?.[1]?.length ?? 0) > 0;
    handle(this, async (msg, send) => {
      const envelope = envelopeOf(msg, where);
      const endpoint = endpointNode(RED, config.endpoint, where);
      const { client } = endpoint;
      const entityType = entityTypeToWrite(client, config.entityType || 'incident', envelope);
      const mapping = mappingFor(RED, config.mapping, client, entityType, where);
      const message = msg.payload as GenericMessage;
      if (!message?.source || !message.fields) {
        throw new SwitchboardError('SWB_PAYLOAD', 'msg.payload is no generic message.', {
          where,
          hint: 'Wire map behind normalize and conversation correlate.',
        });
      }
      const { body, changed, defaults, trace, problems } = await mapping.fromGeneric(message);
      const broker = await endpoint.broker;
      broker.countUnmapped(envelope.messageId, { ...placeOf(mapping, config.mapping), direction: 'out' }, problems);
      const wrong = [...problems, ...validate(client, entityType, body, message)].filter((p) => p.level === 'error');
      const sources = sourcesOf(trace);
      envelope.outgoing = {
        endpoint: endpoint.id,
        entityType,
        changed,
        defaults,
        sources,
        generic: genericValues(message, sources),
        comments: [...commentsOut(message.comments, mapping.mapping), ...cutTexts(message, problems)].map((c) =>
          signed(c, client),
        ),
        attachments: message.attachments,
        made: { ...placeOf(mapping, config.mapping), trace },
      };
      msg.payload = body;
      if (wrong.length > 0)
        return invalid(this, msg, send, wrong, where, invalidWired, (text) => broker.reject(envelope.messageId, text));
      send([msg, null]);
      const warning = problems.find((p) => p.level === 'warning');
      if (warning) show(this, 'warning', warning.text);
      else show(this, 'ok', `for ${endpoint.label}`);
    });
  }
  RED.nodes.registerType('switchboard-map', MapNode as never);
};

/** Output 2 carries every error; unwired, the message fails so that a catch node and the messages view tell of it. */
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
    hint: 'Mend the mapping or the message, deploy, then replay it.',
  });
  if (!wired) throw error;
  reject(error);
  show(node, 'error', error.message);
  send([null, Object.assign(msg, { problems })]);
}

/** What the target would refuse of a create: an update may turn out to be one. Nothing is ever created only to be cancelled. */
function validate(client: EndpointClient, entityType: string, body: Record<string, Json>, message: GenericMessage): Problem[] {
  return message.event === 'cancelled' && message.changed ? [] : client.validate(entityType, body);
}

/** The generic values a payload was made from, by the top-level names that `changed` uses. */
function genericValues(message: GenericMessage, sources: Record<string, string[]>): Record<string, Json> {
  const fields = message.fields as Record<string, Json | undefined>;
  const values: Record<string, Json> = {};
  for (const name of new Set(Object.values(sources).flat())) if (fields[name] !== undefined) values[name] = fields[name] as Json;
  return values;
}

/** Internal comments stay at home unless the mapping says otherwise, on purpose. */
function commentsOut(comments: GenericComment[], mapping: Mapping): GenericComment[] {
  const rule = mapping.internalComments ?? 'drop';
  return comments.flatMap((comment) => {
    if (comment.visibility === 'public' || rule === 'internal') return [comment];
    return rule === 'public' ? [{ ...comment, visibility: 'public' as const }] : [];
  });
}

/** ServiceNow shows the integration user as the author of everything we write: who really said it goes into the text. */
function signed(comment: GenericComment, client: EndpointClient): GenericComment {
  return client.system === 'servicenow' && comment.author ? { ...comment, text: `${comment.author}: ${comment.text}` } : comment;
}

/** A text too long for its field goes whole into a comment: nothing is lost with the cut. */
function cutTexts(message: GenericMessage, problems: Problem[]): GenericComment[] {
  return problems
    .filter((p) => p.code === 'cut' && typeof p.value === 'string')
    .map((p) => ({
      id: `cut-${p.field}-${message.source.version ?? message.source.id}`,
      text: `${p.field} in full:\n${String(p.value)}`,
      visibility: 'public',
    }));
}
