import type { EndpointClient, Parsed } from '../../src/endpoints/endpoint.js';
import { entityKind } from '../../src/model/entity-kind.js';
import type { GenericFields, GenericMessage } from '../../src/model/message.js';

/** The generic message about a partner's record: its fields as a mapping translated them, all else as the record's parser found it. */
export function genericMessageOf(
  client: EndpointClient,
  { endpoint, entityType, entityId }: { endpoint: string; entityType: string; entityId: string },
  parsed: Parsed,
  fields: GenericFields,
): GenericMessage {
  return {
    entity: entityKind(client.system, entityType, parsed.record),
    event: parsed.deleted ? 'deleted' : 'updated',
    source: { ...parsed.source, endpoint, entityType, id: parsed.source.id || entityId },
    fields: parsed.deleted ? { ...fields, state: 'cancelled' } : fields,
    comments: parsed.comments,
    attachments: parsed.attachments,
    relations: parsed.relations,
  };
}
