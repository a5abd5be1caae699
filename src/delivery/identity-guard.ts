import { linkAt } from '../conversation/correlate.js';
import { expectedReference } from '../conversation/reference.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import { SwitchboardError } from '../errors.js';
import { sameReference } from '../model/reference.js';
import type { ConversationRecord, Link } from '../store/store.js';

/** Entities remembered as checked; older ones are simply checked again. */
const MOST_TRUSTED = 50_000;

/** Thrown with both records, so that a person can see what is what. */
export class WrongEntityError extends SwitchboardError {
  constructor(
    what: string,
    readonly ours: Link,
    readonly theirs: RawEntity,
    where: string,
  ) {
    super('SWB_WRONG_ENTITY', what, {
      where,
      hint: 'Nothing was written. Compare both records in the messages view; fix the link or skip the delivery.',
    });
  }
}

/**
 * Before the first update of an entity in this process: is it the one we think? An entity we created must carry our reference; one that
 * came from the partner must still have the number it had.
 */
export class IdentityGuard {
  private readonly trusted = new Set<string>();

  /** An entity just seen with its identity. */
  trust(client: EndpointClient, id: string): void {
    if (this.trusted.size >= MOST_TRUSTED) this.trusted.clear();
    this.trusted.add(`${client.id}|${id}`);
  }

  async check(client: EndpointClient, conversation: ConversationRecord, link: Link): Promise<void> {
    if (this.trusted.has(`${client.id}|${link.id}`)) return;
    this.verify(client, conversation, link, await client.read(link.entityType, link.id));
  }

  /** The same of an entity that was read already. */
  verify(client: EndpointClient, conversation: ConversationRecord, link: Link, raw: RawEntity): void {
    const { source } = client.parse(raw);
    const expected = expectedReference(conversation, link);
    const wrong =
      link.origin === 'ours' && !sameReference(source.reference, expected)
        ? `carries the reference ${source.reference ?? '(none)'} instead of ${expected}`
        : link.number && source.number && link.number !== source.number
          ? `has the number ${source.number} instead of ${link.number}`
          : undefined;
    if (wrong) {
      const ours = linkAt(conversation, link.endpoint, link.entityType, link.leg) ?? link;
      throw new WrongEntityError(
        `The ${link.entityType} ${link.id} ${wrong}: it is not the one of this conversation.`,
        ours,
        raw,
        client.name,
      );
    }
    this.trust(client, link.id);
  }
}
