import type { Row } from './encoded-query.js';
import type { Ticket } from './fake-tickets.js';

/** A field that exists at both sides, with values that have exactly the same meaning. */
export interface SharedField {
  name: string;
  /** Whose change wins when both change it at about the same time. */
  owner: 'customer' | 'provider';
  /** A new value. */
  fresh(random: () => number, text: string): string;
  toIncident(value: string): Row;
  ofIncident(row: Row): string;
  attribute: string;
  columns: string[];
}

const INCIDENT_STATES: Record<string, Row> = {
  acknowledged: { state: '1' },
  inProgress: { state: '2' },
  pending: { state: '3', hold_reason: '1' },
  held: { state: '3', hold_reason: '4' },
  resolved: { state: '6', close_code: 'Solution provided', close_notes: 'Done' },
};
/** Impact and urgency by severity. */
const LEVELS: Record<string, Row> = {
  Critical: { impact: '1', urgency: '1' },
  Major: { impact: '2', urgency: '1' },
  Minor: { impact: '2', urgency: '2' },
};
const BY_PRIORITY = ['Critical', 'Major', 'Minor', 'Minor', 'Minor'];
const one = (list: string[], random: () => number) => list[Math.floor(random() * list.length)]!;

export const SHARED: SharedField[] = [
  {
    name: 'state',
    owner: 'provider',
    fresh: (random) => one(Object.keys(INCIDENT_STATES), random),
    toIncident: (value) => INCIDENT_STATES[value]!,
    ofIncident: ({ state, hold_reason }) =>
      Object.keys(INCIDENT_STATES).find((name) => {
        const row = INCIDENT_STATES[name]!;
        return row.state === state && (row.hold_reason ?? '') === hold_reason;
      }) ?? `${state}/${hold_reason}`,
    attribute: 'status',
    columns: ['state', 'hold_reason'],
  },
  {
    name: 'title',
    owner: 'customer',
    fresh: (_, text) => text,
    toIncident: (value) => ({ short_description: value }),
    ofIncident: (row) => row.short_description!,
    attribute: 'name',
    columns: ['short_description'],
  },
  {
    name: 'description',
    owner: 'customer',
    fresh: (_, text) => `${text}, in more words`,
    toIncident: (value) => ({ description: value }),
    ofIncident: (row) => row.description!,
    attribute: 'description',
    columns: ['description'],
  },
  {
    name: 'severity',
    owner: 'customer',
    fresh: (random) => one(Object.keys(LEVELS), random),
    toIncident: (value) => LEVELS[value]!,
    ofIncident: (row) => BY_PRIORITY[Number(row.priority) - 1]!,
    attribute: 'severity',
    columns: ['impact', 'urgency'],
  },
];

export const ofTicket = (field: SharedField, ticket: Ticket): string => String(ticket[field.attribute]);
