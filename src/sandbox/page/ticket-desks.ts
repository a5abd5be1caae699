import type { CustomerTicket, ProviderTicket } from './backend.js';
import { Desk, type DeskKind, type TicketView } from './desk.js';
import { field, h, select } from './dom.js';
import { list, type Part, text, time } from './text.js';

/** ServiceNow's incident states by number, with the canonical state that determines the colour. */
const INCIDENT: Record<string, [canonical: string, label: string]> = {
  1: ['acknowledged', 'New'],
  2: ['inProgress', 'In Progress'],
  3: ['held', 'On Hold'],
  6: ['resolved', 'Resolved'],
  7: ['closed', 'Closed'],
  8: ['cancelled', 'Canceled'],
};
const LEVELS: [string, string][] = [
  ['1', '1 - High'],
  ['2', '2 - Medium'],
  ['3', '3 - Low'],
];
const STATUS = ['acknowledged', 'inProgress', 'pending', 'held', 'resolved', 'closed', 'cancelled', 'rejected'];

const STATES = Object.values(INCIDENT).map(([canonical, label]): [string, string] => [canonical, label]);

/** What distinguishes a desk from others of its kind. */
type Place = Pick<DeskKind, 'section' | 'title' | 'subtitle' | 'actions' | 'extra'>;

/** The desk of a customer's incidents. `more`: further fields of its form. */
export function incidentDesk(place: Place, more: () => HTMLElement[] = () => []): Desk {
  return new Desk({
    ...place,
    noun: 'ticket',
    hint: 'Open a ticket on either desk.',
    open: {
      verb: 'Open',
      action: 'create',
      fields: () => [
        field('Short description', h('input', { name: 'short_description', required: true, maxlength: '160' })),
        field('Description', h('textarea', { name: 'description', rows: '4' })),
        h(
          'div',
          { class: 'row' },
          field('Impact', select('impact', LEVELS, '2')),
          field('Urgency', select('urgency', LEVELS, '2')),
        ),
        ...more(),
      ],
      values: (given) => ({ ...given, table: 'incident' }),
    },
    changeState: (id, chosen, reason) => {
      const number = Object.entries(INCIDENT).find(([, [canonical]]) => canonical === chosen)?.[0] ?? '2';
      const values: Record<string, string> = { id, state: number };
      if (number === '6') Object.assign(values, { close_code: 'Solution provided', close_notes: reason || 'Resolved' });
      else if (reason) values.comments = reason;
      if (number === '3') values.hold_reason = '4';
      return { action: 'update', values };
    },
    commentActions: [
      ['comment', 'Comment'],
      ['workNote', 'Work note (internal)'],
    ],
  });
}

/** The desk of a provider's tickets. */
export function ticketDesk(place: Place): Desk {
  return new Desk({
    ...place,
    noun: 'ticket',
    hint: 'Open a ticket on either desk.',
    open: {
      verb: 'Open',
      action: 'create',
      fields: () => [
        field('Name', h('input', { name: 'name', required: true })),
        field('Description', h('textarea', { name: 'description', rows: '4', required: true })),
        field(
          'Severity',
          select(
            'severity',
            ['Critical', 'Major', 'Minor'].map((s) => [s, s]),
            'Minor',
          ),
        ),
      ],
      values: (given) => ({ ...given, ticketType: 'incident' }),
    },
    changeState: (id, status, reason) => ({ action: 'status', values: { id, status, ...(reason && { reason }) } }),
    commentActions: [['note', 'Comment']],
  });
}

export function incidentView(row: CustomerTicket): TicketView {
  const [canonical, label] = INCIDENT[text(row.state)] ?? ['', text(row.state)];
  const waiting = row.state === '3' && row.hold_reason === '1';
  return {
    id: row.sys_id,
    number: text(row.number),
    title: text(row.short_description),
    description: text(row.description),
    state: waiting ? 'pending' : canonical,
    stateLabel: waiting ? 'Awaiting Caller' : label,
    partner: text(row.correlation_display),
    facts: [
      ['Provider’s number', text(row.correlation_display)],
      ['Priority', text(row.priority)],
      ['Resolution', [row.close_code, row.close_notes].map(text).filter(Boolean).join(': ')],
      ['Changed', `${time(row.sys_updated_on)} by ${text(row.sys_updated_by)}`],
    ],
    states: STATES,
    entries: row.journal.map((j) => ({
      who: text(j.sys_created_by),
      when: time(j.sys_created_on),
      text: text(j.value),
      internal: j.element === 'work_notes',
    })),
    files: row.attachments.map((a) => ({ name: text(a.file_name), size: `${text(a.size_bytes)} bytes` })),
  };
}

export function ticketView(given: ProviderTicket): TicketView {
  const reference = text(given.externalId) || text(list(given.externalIdentifier)[0]?.id);
  return {
    id: given.id,
    number: given.id,
    title: text(given.name),
    description: text(given.description),
    state: text(given.status),
    stateLabel: text(given.status),
    partner: reference,
    facts: [
      ['External ID', reference],
      ['Severity', text(given.severity)],
      ['Type', text(given.ticketType)],
      ['Reason', text(given.statusChangeReason)],
      ['Changed', time(given.lastUpdate)],
    ],
    states: STATUS.map((s) => [s, s]),
    entries: list(given.note).map((n) => ({ who: text(n.author), when: time(n.date), text: text(n.text), internal: false })),
    files: list(given.attachment).map((a) => ({
      name: text(a.name),
      size: `${text((a.size as Part | undefined)?.amount)} bytes`,
    })),
  };
}
