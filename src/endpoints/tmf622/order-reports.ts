import type { GenericComment, Json } from '../../model/message.js';
import { sentence } from '../../text/sentence.js';
import { type Attributes, entries, isAttributes, isoTime, textOf } from '../tmf/attributes.js';
import { digest } from '../tmf/digest.js';
import type { ProductOrderEvent } from './events.js';

/*
 * What a provider reports about an order besides its notes, as comments: errors, risks, milestones (v5), questions. What
 * it decides about a cancellation is in cancel-decision.ts.
 */

/** How the entries of one of the order's lists become comments. */
interface ReportKind {
  attribute: string;
  /** Prefix of the comment ids. */
  kind: string;
  date: string;
  words: (entry: Attributes) => (string | undefined)[];
}

const REPORTS: ReportKind[] = [
  {
    attribute: 'productOrderErrorMessage',
    kind: 'error',
    date: 'timestamp',
    words: (e) => [named('Error', e.code), textOf(e.reason), textOf(e.message)],
  },
  {
    attribute: 'productOrderJeopardyAlert',
    kind: 'alert',
    date: 'alertDate',
    words: (e) => [named('At risk', e.jeopardyType ?? e.name), textOf(e.message), textOf(e.exception)],
  },
  {
    attribute: 'productOrderMilestone',
    kind: 'milestone',
    date: 'milestoneDate',
    words: (e) => [milestone(e), textOf(e.message) ?? textOf(e.description)],
  },
];

/** TMF622 v5, Milestone.status: Yet-To-Reach, Completed, Violated. */
const MILESTONES: Record<string, string> = {
  'yet-to-reach': 'Milestone planned',
  completed: 'Milestone reached',
  violated: 'Milestone missed',
};

/** The reports in the order's lists and in lists that only the event has, each once. */
export function reportsOf(order: Attributes, event: ProductOrderEvent | undefined): GenericComment[] {
  const comments = new Map<string, GenericComment>();
  for (const report of REPORTS) {
    for (const entry of [...entries(order[report.attribute]), ...entries(event?.order[report.attribute])]) {
      const comment = commentOf(report, entry);
      if (!comments.has(comment.id)) comments.set(comment.id, comment);
    }
  }
  return [...comments.values()];
}

function commentOf(report: ReportKind, entry: Attributes): GenericComment {
  const at = isoTime(entry[report.date]);
  const items = itemsOf(entry);
  const text = sentence([...report.words(entry), items.length ? `Item ${items.join(', ')}` : undefined]);
  const id = textOf(entry.id);
  const key = id ? `${id}|${textOf(entry.status) ?? ''}` : digest([entry.code, at ?? text]);
  return { id: `${report.kind}|${key}`, text, ...(at && { at }), visibility: 'public', ...(items.length && { items }) };
}

/** What the provider asks for: ProductOrderInformationRequiredEvent, also for a cancellation. */
export function questionOf(event: ProductOrderEvent | undefined): GenericComment[] {
  if (!event?.eventType.endsWith('InformationRequiredEvent')) return [];
  const { payload, required } = event;
  const subject = event.cancel ? 'Information required for the cancellation' : 'Information required';
  const at = isoTime(payload.eventTime);
  const text = sentence([required.length ? `${subject}: ${required.join(', ')}` : subject, textOf(payload.description)]);
  // Several events may share an id, so the question and its time are part of the comment's id.
  return [{ id: `question|${digest([event.eventId, text, at])}`, text, ...(at && { at }), visibility: 'public' }];
}

function milestone(entry: Attributes): string {
  const status = textOf(entry.status) ?? '';
  const label = MILESTONES[status.toLowerCase()] ?? named('Milestone', status || undefined);
  const name = textOf(entry.name);
  const day = MILESTONES[status.toLowerCase()] === MILESTONES['yet-to-reach'] && isoTime(entry.milestoneDate)?.slice(0, 10);
  return `${label}${day ? ` for ${day}` : ''}${name ? `: ${name}` : ''}`;
}

function named(word: string, name: Json | undefined): string {
  const given = textOf(name);
  return given ? `${word} (${given})` : word;
}

function itemsOf(entry: Attributes): string[] {
  return [entry.productOrderItem]
    .flat()
    .filter(isAttributes)
    .flatMap((item) => textOf(item.productOrderItemId ?? item.orderItemId ?? item.id) ?? []);
}
