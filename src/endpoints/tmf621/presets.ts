import type { Mapping, Rule, ValueRow } from '../../mapping/mapping.js';
import { ENTITIES } from '../../model/message.js';

/** The generic states have the names of TMF621's status values (v4 and v5, TroubleTicketStatusType). */
const STATUS: Rule = {
  field: 'status',
  generic: 'state',
  values: [
    ...['acknowledged', 'inProgress', 'pending', 'held', 'resolved', 'closed', 'cancelled', 'rejected'].map((s) => ({
      partner: s,
      generic: s,
    })),
    ...orderStates('acknowledged', 'inProgress', 'closed', 'cancelled'),
  ],
};

/** Maps the states that only service requests and orders have to ticket states. */
function orderStates(acknowledged: string, inProgress: string, closed: string, cancelled: string): ValueRow[] {
  const rows: [string, string][] = [
    [acknowledged, 'draft'],
    [inProgress, 'assessingCancellation'],
    [inProgress, 'pendingCancellation'],
    [closed, 'completed'],
    [closed, 'partial'],
    [cancelled, 'failed'],
  ];
  return rows.map(([partner, generic]) => ({ partner, generic, direction: 'out' }));
}

const inOnly = (partner: string, generic: string): ValueRow => ({ partner, generic, direction: 'in' });

/** Severity is free text in the standard; these values are common in practice. The customer sets it, so it is required. */
const SEVERITY: Rule = {
  field: 'severity',
  generic: 'severity',
  required: 'out',
  default: { out: 'Minor' },
  values: [
    { partner: 'Critical', generic: 'critical' },
    { partner: 'Major', generic: 'major' },
    { partner: 'Minor', generic: 'minor' },
    inOnly('High', 'major'),
    inOnly('Medium', 'minor'),
    inOnly('Moderate', 'minor'),
    inOnly('Low', 'minor'),
    inOnly('1', 'critical'),
    inOnly('2', 'major'),
    inOnly('3', 'minor'),
    inOnly('4', 'minor'),
    inOnly('5', 'minor'),
  ],
};

/** The provider sets the priority, so it is read but never written (TMF621, TroubleTicket.priority). */
const PRIORITY: Rule = {
  field: 'priority',
  generic: 'priority',
  direction: 'in',
  values: [
    ...['critical', 'high', 'moderate', 'low', 'planning'].map((p) => ({ partner: p, generic: p })),
    { partner: 'medium', generic: 'moderate' },
    ...['critical', 'high', 'moderate', 'low', 'planning'].map((p, i) => ({ partner: String(i + 1), generic: p })),
  ],
};

const DONE = { generic: 'state', is: ['resolved', 'closed'] };
const WAITING = { generic: 'state', is: ['pending', 'held', 'cancelled', 'rejected'] };

const COMMON: Rule[] = [
  STATUS,
  { field: 'name', generic: 'title' },
  { field: 'description', generic: 'description' },
  { field: 'description', generic: 'title', direction: 'out', required: 'out' },
  SEVERITY,
  PRIORITY,
  {
    field: 'ticketType',
    generic: 'entity',
    direction: 'out',
    required: 'out',
    values: ENTITIES.map((e) => ({ partner: e, generic: e })),
  },
  { field: 'statusChangeReason', generic: 'resolution', onlyIf: DONE },
  { field: 'statusChangeReason', generic: 'stateReason', onlyIf: WAITING },
  { field: 'creationDate', generic: 'createdAt', direction: 'in', type: 'time' },
  { field: 'requestedResolutionDate', generic: 'requestedResolutionAt', type: 'time' },
  { field: 'expectedResolutionDate', generic: 'expectedResolutionAt', direction: 'in', type: 'time' },
  { field: 'resolutionDate', generic: 'resolvedAt', direction: 'in', type: 'time' },
];

/** Id and name of a party or entity; if the id is unknown, the name is sent as id, because the standard requires one. */
function named(field: string, generic: string): Rule[] {
  return [
    { field: `${field}.id`, generic: `${generic}.id`, type: 'text' },
    { field: `${field}.id`, generic: `${generic}.name`, direction: 'out', type: 'text' },
    { field: `${field}.name`, generic: `${generic}.name`, type: 'text' },
  ];
}

export const tmf621v4: Mapping = {
  name: 'TMF621 v4 trouble ticket',
  system: 'tmf621',
  version: 'v4',
  entityType: 'troubleTicket',
  rules: [
    ...COMMON,
    { field: 'channel.id', generic: 'channel', type: 'text' },
    ...named('relatedParty[role=requester,@referredType=Individual]', 'requester'),
    ...named('relatedEntity[role=affectedService,@referredType=Service]', 'service'),
    ...named('relatedEntity[role=affectedResource,@referredType=Resource]', 'ci'),
    { field: 'relatedEntity[role=customerTicket,@referredType=TroubleTicket].id', generic: 'source.number', direction: 'out' },
  ],
};

/** In v5 every object has a type, and parties and entities are nested one level deeper (TMF630 v5, polymorphism). */
export const tmf621v5: Mapping = {
  name: 'TMF621 v5 trouble ticket',
  system: 'tmf621',
  version: 'v5',
  entityType: 'troubleTicket',
  rules: [
    { field: '@type', generic: 'custom.ticketClass', direction: 'out', constant: 'TroubleTicket' },
    ...COMMON,
    { field: 'channel{@type=ChannelRef}.id', generic: 'channel', type: 'text' },
    ...named(
      'relatedParty[@type=RelatedPartyRefOrPartyRoleRef,role=requester].partyOrPartyRole{@type=PartyRef,@referredType=Individual}',
      'requester',
    ),
    ...named('relatedEntity[@type=RelatedEntity,role=affectedService].entity{@type=EntityRef,@referredType=Service}', 'service'),
    ...named('relatedEntity[@type=RelatedEntity,role=affectedResource].entity{@type=EntityRef,@referredType=Resource}', 'ci'),
    {
      field: 'relatedEntity[@type=RelatedEntity,role=customerTicket].entity{@type=EntityRef,@referredType=TroubleTicket}.id',
      generic: 'source.number',
      direction: 'out',
    },
  ],
};

/** The kinds that become cases in ServiceNow. */
const CASES = ['case', 'request', 'task'];

/**
 * ServiceNow's TMF621 API: status is the State choice, severity is the Priority choice, read as "2 - High" and written as "2".
 */
export const tmf621ServiceNow: Mapping = {
  name: 'TMF621 as ServiceNow speaks it',
  system: 'tmf621',
  version: 'servicenow',
  entityType: 'troubleTicket',
  rules: [
    {
      field: 'status',
      generic: 'state',
      direction: 'out',
      onlyIf: { generic: 'entity', is: CASES },
      // The states of a case differ from those of an incident, and an unknown state resets a case to new.
      values: [
        { partner: 'New', generic: 'acknowledged' },
        { partner: 'Open', generic: 'inProgress' },
        { partner: 'Open', generic: 'held' },
        { partner: 'Awaiting Info', generic: 'pending' },
        { partner: 'Resolved', generic: 'resolved' },
        ...['closed', 'cancelled', 'rejected'].map((generic) => ({ partner: 'Closed', generic })),
        ...orderStates('New', 'Open', 'Closed', 'Closed'),
      ],
    },
    {
      field: 'status',
      generic: 'state',
      values: [
        { partner: 'New', generic: 'acknowledged' },
        { partner: 'In Progress', generic: 'inProgress' },
        inOnly('Open', 'inProgress'),
        { partner: 'On Hold', generic: 'held' },
        { partner: 'On Hold', generic: 'pending', direction: 'out' },
        inOnly('Awaiting Info', 'pending'),
        { partner: 'Resolved', generic: 'resolved' },
        { partner: 'Closed', generic: 'closed' },
        { partner: 'Canceled', generic: 'cancelled' },
        { partner: 'Canceled', generic: 'rejected', direction: 'out' },
        ...orderStates('New', 'In Progress', 'Closed', 'Canceled'),
      ],
      required: 'out',
      default: { out: 'New' },
    },
    { field: 'name', generic: 'title' },
    { field: 'description', generic: 'description' },
    { field: 'description', generic: 'title', direction: 'out', required: 'out' },
    {
      field: 'severity',
      generic: 'severity',
      required: 'out',
      default: { out: '3' },
      values: [
        { partner: '1', generic: 'critical', direction: 'out' },
        { partner: '2', generic: 'major', direction: 'out' },
        { partner: '3', generic: 'minor', direction: 'out' },
        inOnly('1 - Critical', 'critical'),
        inOnly('2 - High', 'major'),
        inOnly('3 - Moderate', 'minor'),
        inOnly('4 - Low', 'minor'),
        inOnly('5 - Planning', 'minor'),
      ],
    },
    {
      field: 'ticketType',
      generic: 'entity',
      direction: 'out',
      required: 'out',
      default: { out: 'Incident' },
      values: [
        { partner: 'Incident', generic: 'incident' },
        ...CASES.map((generic) => ({ partner: 'Case', generic })),
        { partner: 'Incident', generic: 'change' },
        { partner: 'Service Problem Case', generic: 'problem' },
      ],
    },
    { field: 'creationDate', generic: 'createdAt', direction: 'in', type: 'time' },
  ],
};

export const PRESETS: readonly Mapping[] = [tmf621v4, tmf621v5, tmf621ServiceNow];
