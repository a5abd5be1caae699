import type { EndpointClient } from '../endpoints/endpoint.js';
import { systemOf } from '../endpoints/registry.js';
import type { Mapping, Problem } from '../mapping/mapping.js';
import type { GenericComment, GenericMessage, Json } from '../model/message.js';

/**
 * The comments to send to the target: without internal ones, with author names, and with the full text of fields that were cut.
 */
export function outgoingComments(
  message: GenericMessage,
  problems: Problem[],
  mapping: Mapping,
  client: Pick<EndpointClient, 'system'>,
): GenericComment[] {
  return [...allowedComments(message.comments, mapping), ...fullTextComments(message, problems)].map((c) =>
    withAuthorName(c, client),
  );
}

/** The generic values a payload was mapped from, by the top-level names that `changed` uses; of the source, its number. */
export function genericValues(message: GenericMessage, sources: Record<string, string[]>): Record<string, Json> {
  const fields: Record<string, unknown> = { ...message.fields, source: message.source.number };
  const values: Record<string, Json> = {};
  for (const name of new Set(Object.values(sources).flat())) if (fields[name] !== undefined) values[name] = fields[name] as Json;
  return values;
}

/** Internal comments are not sent unless the mapping allows it explicitly. */
function allowedComments(comments: GenericComment[], mapping: Mapping): GenericComment[] {
  const rule = mapping.internalComments ?? 'drop';
  return comments.flatMap((comment) => {
    if (comment.visibility === 'public' || rule === 'internal') return [comment];
    return rule === 'public' ? [{ ...comment, visibility: 'public' as const }] : [];
  });
}

/** Where the integration user is shown as the author of everything we write, the real author goes into the text. */
function withAuthorName(comment: GenericComment, client: Pick<EndpointClient, 'system'>): GenericComment {
  const { authorsInText } = systemOf(client.system);
  return authorsInText && comment.author ? { ...comment, text: `${comment.author}: ${comment.text}` } : comment;
}

/** A text that is too long for its field is also sent in full as a comment, so that nothing is lost. */
function fullTextComments(message: GenericMessage, problems: Problem[]): GenericComment[] {
  return problems
    .filter((p) => p.code === 'cut' && typeof p.value === 'string')
    .map((p) => ({
      id: `cut-${p.field}-${message.source.version ?? message.source.id}`,
      text: `${p.field} in full:\n${String(p.value)}`,
      visibility: 'public',
    }));
}
