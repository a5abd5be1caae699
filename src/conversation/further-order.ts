import type { ItemFacts } from '../model/item-facts.js';
import { type GenericComment, type GenericMessage, isFinalState } from '../model/message.js';
import type { ConversationRecord, Link, Plan } from '../store/store.js';
import { say } from '../text/say.js';
import { type DetectedChanges, linkAt, withLink } from './correlate.js';
import { movedItems } from './item-id-translation.js';
import { planAfter, withPlan } from './plan.js';
import { vendorItemText } from './vendor-items.js';

/*
 * A vendor may make further orders of one that we have placed, with our reference: a back order, for example. They are the vendor's.
 * The customer reads of them; the lines of its order follow the order that we have placed, but for those without which the vendor has
 * completed it.
 */

/**
 * What a further order means for its conversation. Pure.
 * @param link that of the order that we have placed
 * @param got the items of the further order, in the partner's own terms
 */
export function furtherOrder(
  message: GenericMessage,
  link: Link,
  vendor: string,
  { plan, got = [] }: { plan?: Plan; got?: readonly ItemFacts[] },
): DetectedChanges {
  const { source } = message;
  const number = source.number ?? source.id;
  const own = message.comments.map((comment): GenericComment => {
    const { items: _items, ...rest } = comment;
    return { ...rest, id: `${prefixOf(source.id)}${comment.id}`, text: `${number}: ${comment.text}` };
  });
  const comments = [stateComment(message, vendor), ...own].filter(({ id }) => !link.seen.includes(id));
  const seen = comments.map(({ id }) => id);
  const stateOf = (id: string) => plan?.items.find((item) => item.id === id)?.reported?.state;
  const moved = link.items ? movedItems(message, link.items, got).filter(({ id, state }) => state !== stateOf(id)) : [];
  const isMoved = moved.length > 0;
  const changes = {
    message: {
      ...message,
      event: isMoved ? ('updated' as const) : ('commented' as const),
      source: { ...source, id: link.id, ...(link.number && { number: link.number }) },
      fields: isMoved ? { progress: moved } : {},
      comments,
      changed: isMoved ? ['progress'] : [],
    },
    advance: (latest: ConversationRecord) => {
      const now = linkAt(latest, link.endpoint, link.entityType, link.leg);
      if (!now) return latest;
      const next = withLink(latest, { ...now, seen: [...now.seen, ...seen] });
      if (!isMoved) return next;
      return withPlan(next, (plan) => planAfter(plan, link.leg, { fields: { progress: moved }, hasPublicComment: false }));
    },
  };
  if (comments.length > 0 || isMoved) return { output: 'update', ...changes };
  return { output: 'ignored', reason: say`Nothing changed.`, ...changes };
}

/** Passed on once for each state. */
function stateComment({ source, fields }: GenericMessage, vendor: string): GenericComment {
  const { state, stateReason, items = [] } = fields;
  const is = [state, stateReason].filter(Boolean).join(', ');
  const what = items.map((item) => vendorItemText({ facts: { id: item.id }, item })).join(', ');
  const text = `${vendor} has made a further order of it, ${source.number ?? source.id}${is ? `: ${is}` : ''}.${what ? ` ${what}.` : ''}${isFinalState(state) ? '' : ` To change or cancel it, ask ${vendor}.`}`;
  return { id: `${prefixOf(source.id)}state|${is}`, text, visibility: 'public' };
}

/** Ids of the further orders that the customer has read of. */
export function furtherOrders({ seen }: Pick<Link, 'seen'>): string[] {
  return [...new Set(seen.flatMap((mark) => FURTHER.exec(mark)?.[1] ?? []))];
}

const FURTHER = /^order\|(.*)\|state\|/;

function prefixOf(id: string): string {
  return `order|${id}|`;
}
