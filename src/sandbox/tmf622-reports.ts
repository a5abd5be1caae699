import { randomUUID } from 'node:crypto';
import type { TmfRecord } from './tmf-record.js';

/** What a vendor reports about an order, or about some of its items. */
export interface ReportDetails {
  message: string;
  /** Machine-readable kind of milestone, jeopardy or error. */
  code?: string;
  items?: string[];
}

const TYPES = {
  ProductOrderMilestone: ({ message, code = 'milestone' }: ReportDetails, now: string) => ({
    id: randomUUID(),
    name: code,
    message,
    status: 'Completed',
    milestoneDate: now,
  }),
  ProductOrderJeopardyAlert: ({ message, code = 'delay' }: ReportDetails, now: string) => ({
    id: randomUUID(),
    name: code,
    message,
    jeopardyType: code,
    alertDate: now,
  }),
  ProductOrderErrorMessage: ({ message, code = 'error' }: ReportDetails, now: string) => ({
    code,
    reason: message,
    message,
    timestamp: now,
  }),
};
export type ReportType = keyof typeof TYPES;

/** The report in v5 format. */
export function reportOf(type: ReportType, orderId: string, about: ReportDetails): TmfRecord {
  const items = (about.items ?? []).map((id) => ({
    '@type': 'ProductOrderItemRef',
    productOrderId: orderId,
    productOrderItemId: id,
  }));
  return {
    '@type': type,
    ...TYPES[type](about, new Date().toISOString()),
    ...(items.length > 0 && { productOrderItem: items }),
  };
}

/** The report as the text of a note, because v4 has no attribute for it. */
export function reportText(type: ReportType, { message, code, items = [] }: ReportDetails): string {
  const kind = type.replace(/^ProductOrder(Error)?/, '').replace('Alert', '');
  const about = items.length > 0 ? `Item ${items.join(', ')}: ` : '';
  return `${about}${kind === 'Message' ? 'Error' : kind}${code ? ` ${code}` : ''}: ${message}`;
}
