import { type Catalog, type CatalogField, field } from '../../mapping/catalog/field.js';
import { TICKET_STATES } from '../../model/message.js';

const READ_ONLY = { readOnly: true };

/** Attributes of both versions (TMF621, TroubleTicket). */
const TICKET: CatalogField[] = [
  field('text', 'id', 'Id assigned by the provider', { ...READ_ONLY, example: '4711' }),
  field('text', 'name', 'Short summary', { example: 'Line down in Hamburg' }),
  field('text', 'description', 'Full description', {
    required: true,
    example: 'No signal since 08:15, both routers.',
  }),
  field('text', 'severity', 'Severity as seen by the customer; free text in the standard', {
    required: true,
    example: 'Major',
  }),
  field('text', 'ticketType', 'Type of ticket; free text in the standard', { required: true, example: 'incident' }),
  field('text', 'status', 'Status', { values: TICKET_STATES, example: 'inProgress' }),
  field('text', 'statusChangeReason', 'Reason for the current status', { example: 'Technician is on the way' }),
  field('time', 'statusChangeDate', 'Last status change at', { ...READ_ONLY, example: '2026-03-02T09:01:40.000Z' }),
  field('text', 'priority', 'Priority, set by the provider', { ...READ_ONLY, example: 'high' }),
  field('time', 'creationDate', 'Opened at', { ...READ_ONLY, example: '2026-03-02T08:20:11.000Z' }),
  field('time', 'lastUpdate', 'Last updated at', { ...READ_ONLY, example: '2026-03-02T09:01:40.000Z' }),
  field('time', 'requestedResolutionDate', 'Resolution date requested by the customer', { example: '2026-03-03T17:00:00.000Z' }),
  field('time', 'expectedResolutionDate', 'Resolution date expected by the provider', {
    ...READ_ONLY,
    example: '2026-03-03T12:00:00.000Z',
  }),
  field('time', 'resolutionDate', 'Resolved at', READ_ONLY),
];

const PARTY = 'relatedParty[role=requester,@referredType=Individual]';
const SERVICE = 'relatedEntity[role=affectedService,@referredType=Service]';
const RESOURCE = 'relatedEntity[role=affectedResource,@referredType=Resource]';
const COUNTERPART = 'relatedEntity[role=customerTicket,@referredType=TroubleTicket]';

const v4: CatalogField[] = [
  ...TICKET,
  field('text', 'externalId', 'Our reference, set by Switchboard', READ_ONLY),
  field('text', 'channel.id', 'Channel through which it was reported', { example: 'monitoring' }),
  field('text', 'channel.name', 'Channel name'),
  field('text', `${PARTY}.id`, 'Requester: id', { example: 'c-1001' }),
  field('text', `${PARTY}.name`, 'Requester: name', { example: 'Ada Lovelace' }),
  field('text', `${SERVICE}.id`, 'Affected service: id', { example: 'svc-77' }),
  field('text', `${SERVICE}.name`, 'Affected service: name'),
  field('text', `${RESOURCE}.id`, 'Affected resource: id'),
  field('text', `${RESOURCE}.name`, 'Affected resource: name'),
  field('text', `${COUNTERPART}.id`, 'Number of the ticket at the other party', { example: 'INC0010001' }),
];

const PARTY5 =
  'relatedParty[@type=RelatedPartyRefOrPartyRoleRef,role=requester].partyOrPartyRole{@type=PartyRef,@referredType=Individual}';
const SERVICE5 = 'relatedEntity[@type=RelatedEntity,role=affectedService].entity{@type=EntityRef,@referredType=Service}';
const RESOURCE5 = 'relatedEntity[@type=RelatedEntity,role=affectedResource].entity{@type=EntityRef,@referredType=Resource}';
const COUNTERPART5 = 'relatedEntity[@type=RelatedEntity,role=customerTicket].entity{@type=EntityRef,@referredType=TroubleTicket}';

const v5: CatalogField[] = [
  field('text', '@type', 'Class of the ticket', { required: true, values: ['TroubleTicket'], example: 'TroubleTicket' }),
  ...TICKET,
  field('list', 'externalIdentifier', 'Our reference, set by Switchboard', READ_ONLY),
  field('text', 'channel{@type=ChannelRef}.id', 'Channel through which it was reported', { example: 'monitoring' }),
  field('text', 'channel{@type=ChannelRef}.name', 'Channel name'),
  field('text', `${PARTY5}.id`, 'Requester: id', { example: 'c-1001' }),
  field('text', `${PARTY5}.name`, 'Requester: name', { example: 'Ada Lovelace' }),
  field('text', `${SERVICE5}.id`, 'Affected service: id', { example: 'svc-77' }),
  field('text', `${SERVICE5}.name`, 'Affected service: name'),
  field('text', `${RESOURCE5}.id`, 'Affected resource: id'),
  field('text', `${RESOURCE5}.name`, 'Affected resource: name'),
  field('text', `${COUNTERPART5}.id`, 'Number of the ticket at the other party', { example: 'INC0010001' }),
];

/** ServiceNow's TMF621 API accepts the choices of the underlying case or incident, by value or label. */
const servicenow: CatalogField[] = [
  field('text', 'id', 'Id assigned by the provider', { ...READ_ONLY, example: 'a3b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5' }),
  field('text', 'name', 'Short summary', { example: 'Line down in Hamburg' }),
  field('text', 'description', 'Full description', { required: true, example: 'No signal since 08:15, both routers.' }),
  field('text', 'severity', 'Priority, read as "2 - High" and written as "2"', {
    required: true,
    values: { '1': 'Critical', '2': 'High', '3': 'Moderate', '4': 'Low', '5': 'Planning' },
    example: '2 - High',
  }),
  field('text', 'ticketType', 'Table in which the record is created', {
    required: true,
    values: ['Case', 'Incident', 'Service Problem Case'],
    example: 'Incident',
  }),
  field('text', 'status', 'Status: the label of a state', { required: true, example: 'In Progress' }),
  field('text', 'priority', 'Priority', READ_ONLY),
  field('time', 'creationDate', 'Opened at', { ...READ_ONLY, example: '2026-03-02 08:20:11' }),
  field('time', 'resolutionDate', 'Resolved at', READ_ONLY),
  field('text', 'channel.name', 'Channel through which it was reported'),
];

/** By dialect. */
export const FIELDS: Record<string, Catalog> = {
  v4: { fields: v4 },
  v5: { fields: v5 },
  servicenow: { fields: servicenow },
};
