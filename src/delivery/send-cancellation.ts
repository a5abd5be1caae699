import { planAfterAsked, planAfterCancelling } from '../conversation/cancellation-results.js';
import { linkAt, withLink } from '../conversation/correlate.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { cancelledIn } from '../conversation/leg-results.js';
import { planAfter } from '../conversation/plan.js';
import { legOf } from '../conversation/plan-legs.js';
import type { EndpointClient, ParsedEntity, WriteResult } from '../endpoints/endpoint.js';
import type { ConversationRecord, DeliveryRecord, Link, Plan } from '../store/store.js';
import { withoutWritten } from './item-changes.js';
import type { AddressedFields } from './item-ids.js';
import { withDerivedState } from './link-updates.js';
import type { SendContext } from './send-context.js';
import type { SendResult } from './send-result.js';

/** What the answer to an update says of the cancellation in it. */
export interface CancellationAnswer extends Pick<WriteResult, 'refused' | 'deleted'> {
  /** What was confirmed, and goes on all the same. */
  ignored: readonly string[] | 'all';
  /** Id of the comment in which the partner's answer reports its refusal. */
  comment?: string;
}

/** What an update of a leg was to cancel, and its partner shows as if nothing had happened. */
export function ignoredCancellations(
  request: EntityRequest,
  { items }: AddressedFields,
  written: WriteResult,
  { source, record }: ParsedEntity,
  client: EndpointClient,
): readonly string[] | 'all' {
  const asked = cancelledIn(request);
  if (written.refused !== undefined || written.undecided || written.deleted) return [];
  if (asked === 'all') {
    // A client that can look for a cancellation has done so before it answers.
    const lost = new Set(written.dropped.map(({ field }) => field));
    const isLost = Object.keys(request.fields).some((name) => lost.has(name) && request.sources[name]?.includes('state'));
    return isLost && !client.findCancellation ? 'all' : [];
  }
  const shown = client.cancellationsIn?.(source.entityType, record);
  if (!shown) return [];
  const there = client.itemsOf?.(record)?.map(({ id }) => id);
  const gone = new Set(shown.items);
  const isIgnored = (id: string) =>
    (items?.ids[id] ?? [id]).some((theirs) => !gone.has(theirs) && (there?.includes(theirs) ?? true));
  return shown.all ? [] : asked.filter(isIgnored);
}

/** The result of an update, with what its answer says of the cancellation in it: for the order, and for its customer. */
export function withCancellation(
  result: SendResult,
  delivery: DeliveryRecord,
  request: EntityRequest,
  answer: CancellationAnswer,
  orders: SendContext['orders'],
): SendResult {
  const asked = cancelledIn(request);
  if (asked.length === 0) return result;
  const { refused, ignored } = answer;
  const failed = refused === undefined ? ignored : asked;
  const change = (before: ConversationRecord) => {
    const next = result.change?.(before) ?? before;
    const link = linkAt(next, delivery.endpoint, delivery.entityType, delivery.leg);
    if (!link || !next.plan || !legOf(next.plan, delivery.leg)) return next;
    return withDerivedState({
      ...withLink(next, linkAfter(link, failed, answer)),
      plan: planWith(next.plan, delivery.leg, asked, answer),
    });
  };
  const follow: SendResult['follow'] = (before, after) =>
    legOf(before.plan, delivery.leg) ? orders.afterCancelling(before, after, delivery, { cancelled: failed, refused }) : [];
  return { ...result, change, follow };
}

/** What did not happen is not known to be written: it may be asked for once more. */
function linkAfter(link: Link, failed: readonly string[] | 'all', { deleted, comment }: CancellationAnswer): Link {
  const next = failed === 'all' ? link : withoutWritten(link, failed);
  if (deleted) return { ...next, gone: true };
  return comment === undefined || next.seen.includes(comment) ? next : { ...next, seen: [...next.seen, comment] };
}

function planWith(
  plan: Plan,
  leg: string,
  asked: readonly string[] | 'all',
  { refused, ignored, deleted }: CancellationAnswer,
): Plan {
  const next = planAfterAsked(plan, leg, asked);
  if (deleted) return planAfter(next, leg, { fields: { state: 'cancelled' }, hasPublicComment: false });
  if (refused !== undefined) return planAfterCancelling(next, leg, asked, 'refused', refused);
  return ignored.length > 0 ? planAfterCancelling(next, leg, ignored, 'withoutEffect') : next;
}
