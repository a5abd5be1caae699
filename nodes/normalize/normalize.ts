import type { Node, NodeAPI, NodeDef } from 'node-red';
import { fieldsRead, genericMessage, isGenericMessage } from '../../src/conversation/generic-message.js';
import type { EndpointClient, RawEntity } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import type { Problem } from '../../src/mapping/mapping.js';
import { sourcesOf, withCarried } from '../../src/mapping/sources.js';
import { fitToSchema } from '../../src/model/fit.js';
import { say } from '../../src/text/say.js';
import { whenValid } from '../kit/configured.js';
import { envelopeOf, handle } from '../kit/handle.js';
import { mappingFor, mappingReference, requireMapping } from '../kit/mappings.js';
import { requireEndpoint } from '../kit/parties.js';
import { show } from '../kit/status.js';
import type { NormalizeConfig } from './normalize.config.js';

export = (RED: NodeAPI) => {
  function Normalize(this: Node, config: NodeDef & NormalizeConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'normalize';
    whenValid(RED, this, () => requireMapping(RED, config.mapping, where)?.check());
    handle(this, async (msg, send) => {
      const envelope = envelopeOf(msg, where);
      const endpoint = requireEndpoint(RED, envelope.endpoint, where);
      const { client } = endpoint;
      const raw = msg.payload as RawEntity;
      const parsed = parse(client, raw, where);
      const mapping = mappingFor(RED, config.mapping, client, envelope.entityType, where);
      const { fields, emptied, carried, trace, problems } = await mapping.toGeneric(parsed.record);
      const { message, problems: unfit } = fitToSchema(genericMessage(client.system, parsed, fields, envelope));
      const allProblems = [...problems, ...unfit];
      const broker = await endpoint.broker;
      broker.countUnmapped(envelope, { ...mappingReference(mapping, config.mapping), direction: 'in' }, problems);
      broker.warnOf(envelope, [...problems.filter(({ code }) => code === 'required'), ...unfit]);
      const errors = allProblems.filter((p) => p.level === 'error');
      if (errors.length > 0) throw problemError(errors, where);
      const sources = withCarried(sourcesOf(trace), carried);
      const record = fieldsRead(parsed, { ...sources, ...emptied });
      envelope.raw = raw;
      envelope.entityId = message.source.id; // the hint may name a line of the entity
      envelope.incoming = {
        made: { ...mappingReference(mapping, config.mapping), trace },
        record,
        sources,
        emptied,
        ...(parsed.deleted && { deleted: true }),
        ...(parsed.cancellation && { cancellation: parsed.cancellation }),
      };
      msg.payload = message;
      send(msg);
      const [first] = allProblems;
      if (first) show(this, 'warning', first.text);
      else show(this, 'ok', `${message.entity} ${message.source.number ?? message.source.id}`);
    });
  }
  RED.nodes.registerType('switchboard-normalize', Normalize as never);
};

function parse(client: EndpointClient, raw: RawEntity, where: string) {
  if (isGenericMessage(raw)) {
    throw new SwitchboardError('SWB_PAYLOAD', say`The message has already been normalized.`, {
      where,
      field: 'msg.payload',
      hint: say`Remove one of the two normalize nodes.`,
    });
  }
  if (typeof raw !== 'object' || raw === null) {
    throw new SwitchboardError('SWB_PAYLOAD', say`msg.payload is not the record that the in node sent.`, {
      where,
      field: 'msg.payload',
      hint: say`Place the normalize node directly after the in node.`,
    });
  }
  return client.parse(raw);
}

/** Combines several problems into one error. */
function problemError(errors: Problem[], where: string): SwitchboardError {
  const code = errors.some((p) => p.code === 'unmapped') ? 'SWB_UNMAPPED' : 'SWB_PAYLOAD';
  const text = errors.map((p) => p.text).join(' ');
  return new SwitchboardError(code, text, {
    where,
    field: errors[0]?.field,
    hint: say`Add the missing rows or defaults to the mapping, deploy, then replay the message.`,
  });
}
