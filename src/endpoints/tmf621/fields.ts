import { type Catalog, type CatalogField, field } from '../../mapping/catalog/field.js';
import { TICKET_STATES } from '../../model/message.js';

const set = { readOnly: true };

/** Attributes that both versions have (TMF621, TroubleTicket). */
const TICKET: CatalogField[] = [
  field('text', 'id', 'Id the provider gives', { ...set, example: '4711' }),
  field('text', 'name', 'One line that names the matter', { example: 'Line down in Hamburg' }),
  field('text', 'description', 'The matter in full', {
    required: true,
    example: 'No signal since 08:15, both routers.',
  }),
  field('text', 'severity', 'How bad it is, in the customer’s eyes; free text by the standard', {
    required: true,
    example: 'Major',
  }),
  field('text', 'ticketType', 'Kind of ticket; free text by the standard', { required: true, example: 'incident' }),
  field('text', 'status', 'Where it stands', { values: TICKET_STATES, example: 'inProgress' }),
  field('text', 'statusChangeReason', 'Why it stands there', { example: 'Technician is on the way' }),
  field('time', 'statusChangeDate', 'When the status changed last', { ...set, example: '2026-03-02T09:01:40.000Z' }),
  field('text', 'priority', 'In which order it is worked on; the provider sets it', { ...set, example: 'high' }),
  field('time', 'creationDate', 'When it was opened', { ...set, example: '2026-03-02T08:20:11.000Z' }),
  field('time', 'lastUpdate', 'When it was changed last', { ...set, example: '2026-03-02T09:01:40.000Z' }),
  field('time', 'requestedResolutionDate', 'When the customer wants it solved', { example: '2026-03-03T17:00:00.000Z' }),
  field('time', 'expectedResolutionDate', 'When the provider expects it solved', {
    ...set,
    example: '2026-03-03T12:00:00.000Z',
  }),
  field('time', 'resolutionDate', 'When it was solved', set),
];

const PARTY = 'relatedParty[role=requester,@referredType=Individual]';
const SERVICE = 'relatedEntity[role=affectedService,@referredType=Service]';
const RESOURCE = 'relatedEntity[role=affectedResource,@referredType=Resource]';

const v4: CatalogField[] = [
  ...TICKET,
  field('text', 'externalId', 'Our reference; Switchboard writes it', set),
  field('text', 'channel.id', 'How it came in', { example: 'monitoring' }),
  field('text', 'channel.name', 'Name of the channel'),
  field('text', `${PARTY}.id`, 'Who asks: id', { example: 'c-1001' }),
  field('text', `${PARTY}.name`, 'Who asks: name', { example: 'Ada Lovelace' }),
  field('text', `${SERVICE}.id`, 'The service affected: id', { example: 'svc-77' }),
  field('text', `${SERVICE}.name`, 'The service affected: name'),
  field('text', `${RESOURCE}.id`, 'The resource affected: id'),
  field('text', `${RESOURCE}.name`, 'The resource affected: name'),
];

const PARTY5 =
  'relatedParty[@type=RelatedPartyRefOrPartyRoleRef,role=requester].partyOrPartyRole{@type=PartyRef,@referredType=Individual}';
const SERVICE5 = 'relatedEntity[@type=RelatedEntity,role=affectedService].entity{@type=EntityRef,@referredType=Service}';
const RESOURCE5 = 'relatedEntity[@type=RelatedEntity,role=affectedResource].entity{@type=EntityRef,@referredType=Resource}';

const v5: CatalogField[] = [
  field('text', '@type', 'The class of the ticket', { required: true, values: ['TroubleTicket'], example: 'TroubleTicket' }),
  ...TICKET,
  field('list', 'externalIdentifier', 'Our reference; Switchboard writes it', set),
  field('text', 'channel{@type=ChannelRef}.id', 'How it came in', { example: 'monitoring' }),
  field('text', 'channel{@type=ChannelRef}.name', 'Name of the channel'),
  field('text', `${PARTY5}.id`, 'Who asks: id', { example: 'c-1001' }),
  field('text', `${PARTY5}.name`, 'Who asks: name', { example: 'Ada Lovelace' }),
  field('text', `${SERVICE5}.id`, 'The service affected: id', { example: 'svc-77' }),
  field('text', `${SERVICE5}.name`, 'The service affected: name'),
  field('text', `${RESOURCE5}.id`, 'The resource affected: id'),
  field('text', `${RESOURCE5}.name`, 'The resource affected: name'),
];

/** ServiceNow's own TMF621 takes choices of the case or incident behind it, by value or label. */
const servicenow: CatalogField[] = [
  field('text', 'id', 'Id the provider gives', { ...set, example: 'a3b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5' }),
  field('text', 'name', 'One line that names the matter', { example: 'Line down in Hamburg' }),
  field('text', 'description', 'The matter in full', { required: true, example: 'No signal since 08:15, both routers.' }),
  field('text', 'severity', 'Its priority, read as «2 - High» and written as «2»', {
    required: true,
    values: { '1': 'Critical', '2': 'High', '3': 'Moderate', '4': 'Low', '5': 'Planning' },
    example: '2 - High',
  }),
  field('text', 'ticketType', 'Which table it becomes a record of', {
    required: true,
    values: ['Case', 'Incident', 'Service Problem Case'],
    example: 'Incident',
  }),
  field('text', 'status', 'Where it stands: the label of a state', { required: true, example: 'In Progress' }),
  field('text', 'priority', 'Priority', set),
  field('time', 'creationDate', 'When it was opened', { ...set, example: '2026-03-02 08:20:11' }),
  field('time', 'resolutionDate', 'When it was solved', set),
  field('text', 'channel.name', 'How it came in'),
];

/** By version or dialect. */
export const FIELDS: Record<string, Catalog> = {
  v4: { fields: v4 },
  v5: { fields: v5 },
  servicenow: { fields: servicenow },
};
