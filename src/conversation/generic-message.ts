import type { ParsedEntity } from '../endpoints/endpoint.js';
import { systemOf } from '../endpoints/registry.js';
import type { GenericFields, GenericMessage, Json, SystemId } from '../model/message.js';

/**
 * The generic message for a partner's record: its parsed parts, with the mapped fields. A deleted record gets the state
 * cancelled.
 */
export function genericMessage(
  system: SystemId,
  parsed: ParsedEntity,
  fields: GenericFields,
  about: { endpoint: string; entityType: string; entityId: string },
): GenericMessage {
  return {
    entity: systemOf(system).kindOf(about.entityType, parsed.record),
    event: parsed.deleted ? 'deleted' : 'updated',
    source: {
      ...parsed.source,
      endpoint: about.endpoint,
      entityType: about.entityType,
      id: parsed.source.id || about.entityId,
    },
    fields: parsed.deleted ? { ...fields, state: 'cancelled' } : fields,
    comments: parsed.comments,
    attachments: parsed.attachments,
    relations: parsed.relations,
  };
}

/** The partner's own fields that the mapping read. */
export function fieldsRead(parsed: ParsedEntity, sources: Record<string, string[]>): Record<string, Json> {
  const record: Record<string, Json> = {};
  for (const names of Object.values(sources))
    for (const name of names) if (name in parsed.record) record[name] = parsed.record[name] as Json;
  return record;
}

/** Whether a payload is a generic message rather than a partner's record. */
export function isGenericMessage(payload: unknown): payload is GenericMessage {
  const { source, fields, comments } = (payload ?? {}) as Partial<GenericMessage>;
  return typeof source?.endpoint === 'string' && typeof fields === 'object' && fields !== null && Array.isArray(comments);
}
