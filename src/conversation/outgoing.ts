import type { EndpointClient } from '../endpoints/endpoint.js';
import { systemOf } from '../endpoints/registry.js';
import type { Mapping, Problem } from '../mapping/mapping.js';
import type { GenericComment, GenericMessage, Json } from '../model/message.js';

/** What a message's comments become at the target: internal ones stay at home, authors are named, texts that were cut follow whole. */
export function outgoingComments(
  message: GenericMessage,
  problems: Problem[],
  mapping: Mapping,
  client: Pick<EndpointClient, 'system'>,
): GenericComment[] {
  return [...commentsOut(message.comments, mapping), ...cutTexts(message, problems)].map((c) => signed(c, client));
}

/** The generic values a payload was made from, by the top-level names that `changed` uses. */
export function genericValues(message: GenericMessage, sources: Record<string, string[]>): Record<string, Json> {
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

/** Where the integration user is shown as the author of everything we write, the real author goes into the text. */
function signed(comment: GenericComment, client: Pick<EndpointClient, 'system'>): GenericComment {
  const { authorsInText } = systemOf(client.system);
  return authorsInText && comment.author ? { ...comment, text: `${comment.author}: ${comment.text}` } : comment;
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
