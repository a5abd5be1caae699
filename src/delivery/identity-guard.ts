import { linkAt } from '../conversation/correlate.js';
import { expectedReference } from '../conversation/reference.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import { SwitchboardError } from '../errors.js';
import { sameReference } from '../model/reference.js';
import type { ConversationRecord, Link } from '../store/store.js';
import { say } from '../text/say.js';

/** Checked entities that are remembered; all others are checked again. */
const MAX_TRUSTED = 50_000;

/** Holds both records, so that a user can compare them. */
export class WrongEntityError extends SwitchboardError {
  constructor(
    what: string,
    readonly ours: Link,
    readonly theirs: RawEntity,
    where: string,
  ) {
    super('SWB_WRONG_ENTITY', what, {
      where,
      hint: say`Nothing was written. Compare both records in the Messages view, then fix the link or skip the delivery.`,
    });
  }
}

/**
 * Verifies an entity before its first update in this process, so that no update reaches a wrong record. An entity we created must
 * carry our reference; one that the partner created must still have the same number.
 */
export class IdentityGuard {
  private readonly trusted = new Set<string>();

  /** Remembers an entity whose identity has just been verified. */
  trust(client: EndpointClient, id: string): void {
    if (this.trusted.size >= MAX_TRUSTED) this.trusted.clear();
    this.trusted.add(`${client.id}|${id}`);
  }

  isTrusted(client: EndpointClient, id: string): boolean {
    return this.trusted.has(`${client.id}|${id}`);
  }

  async check(client: EndpointClient, conversation: ConversationRecord, link: Link): Promise<void> {
    if (this.isTrusted(client, link.id)) return;
    this.verify(client, conversation, link, await client.read(link.entityType, link.id));
  }

  /** As `check`, for an entity that has been read already. */
  verify(client: EndpointClient, conversation: ConversationRecord, link: Link, raw: RawEntity): void {
    const { source } = client.parse(raw);
    const expected = expectedReference(conversation, link);
    const none = say`(none)`;
    const wrong =
      link.origin === 'ours' && !sameReference(source.reference, expected)
        ? say`The ${link.entityType} ${link.id} carries the reference ${source.reference ?? none} instead of ${expected}: it does not belong to this conversation.`
        : link.number && source.number && link.number !== source.number
          ? say`The ${link.entityType} ${link.id} has the number ${source.number} instead of ${link.number}: it does not belong to this conversation.`
          : undefined;
    if (wrong) {
      const ours = linkAt(conversation, link.endpoint, link.entityType, link.leg) ?? link;
      throw new WrongEntityError(wrong, ours, raw, client.name);
    }
    this.trust(client, link.id);
  }
}
