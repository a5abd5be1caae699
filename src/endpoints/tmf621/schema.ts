import { TICKET_STATES } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import type { Attributes } from '../tmf/attributes.js';
import type { Profile, Version } from '../tmf/dialect.js';
import {
  amount,
  choice,
  compileSchema,
  each,
  list,
  object,
  patchProblems,
  problemsOf,
  type Schema,
  text,
  time,
  typed,
} from '../tmf/schema.js';
import { dialectOf } from './dialect.js';

/*
 * What the versions of TMF621 accept, in our own terms: required attributes, types, status values. Unions of v5 are distinguished
 * by @type.
 */

const TIMES = each(
  ['requestedResolutionDate', 'expectedResolutionDate', 'resolutionDate', 'statusChangeDate', 'creationDate', 'lastUpdate'],
  time,
);
const TEXTS = each(['name', 'description', 'severity', 'priority', 'ticketType', 'statusChangeReason'], text);
const STATUS = choice(TICKET_STATES);
const size = object({ amount, units: text });

const v4: Record<string, Schema> = {
  ...TEXTS,
  ...TIMES,
  status: STATUS,
  externalId: text,
  note: list(object({ id: text, author: text, date: time, text })),
  attachment: list(object({ id: text, name: text, mimeType: text, url: text, content: text, attachmentType: text, size })),
  channel: object({ id: text, name: text }, ['id']),
  relatedEntity: list(object({ id: text, role: text, '@referredType': text }, ['id', 'role', '@referredType'])),
  relatedParty: list(object({ id: text, role: text, '@referredType': text }, ['id', '@referredType'])),
  troubleTicketRelationship: list(object({ id: text, relationshipType: text })),
};

const v5: Record<string, Schema> = {
  ...TEXTS,
  ...TIMES,
  '@type': text,
  status: STATUS,
  externalIdentifier: list(typed({ id: text, owner: text, externalIdentifierType: text }, ['id'])),
  note: list(typed({ id: text, author: text, date: time, text })),
  attachment: list({
    ...typed({ id: text, name: text, mimeType: text, url: text, content: text, attachmentType: text, size }),
    if: { properties: { '@type': { const: 'AttachmentRef' } } },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
    then: { required: ['id', 'href'] },
    else: { required: ['attachmentType', 'mimeType'] },
  }),
  channel: typed({ id: text, name: text }, ['id']),
  relatedEntity: list(typed({ role: text, entity: typed({ id: text, '@referredType': text }, ['id']) }, ['role', 'entity'])),
  relatedParty: list(
    typed({ role: text, partyOrPartyRole: typed({ id: text, '@referredType': text }, ['id']) }, ['role', 'partyOrPartyRole']),
  ),
  troubleTicketRelationship: list(typed({ id: text, relationshipType: text }, ['id', 'relationshipType'])),
};

/**
 * ServiceNow accepts choices by value or label, so they cannot be checked; it requires all four (its two documents list three
 * each).
 */
const servicenow: Record<string, Schema> = {
  ...TEXTS,
  status: text,
  severity: choice(['1', '2', '3', '4', '5']),
  ticketType: choice(['Case', 'Incident', 'Service Problem Case']),
  note: list(object({ '@type': choice(['comments', 'work_notes']), text }, ['@type', 'text'])),
};

const CREATE = {
  v4: compileSchema(object(v4, ['description', 'severity', 'ticketType'])),
  v5: compileSchema(object(v5, ['@type', 'description', 'severity', 'ticketType'])),
  servicenow: compileSchema(object(servicenow, ['description', 'severity', 'status', 'ticketType'])),
};
const PATCH = {
  v4: compileSchema(object(v4)),
  v5: compileSchema(object(v5, ['@type'])),
  servicenow: compileSchema(object(servicenow)),
};

const key = (version: Version, profile: Profile) => (profile === 'servicenow' ? 'servicenow' : version);

/** What a provider would refuse in a create; empty when nothing. */
export function validateTicketCreate(version: Version, profile: Profile, body: unknown): Problem[] {
  return problemsOf(CREATE[key(version, profile)], body);
}

/** What a provider would refuse in a PATCH, including attributes that are not patchable. */
export function validateTicketPatch(version: Version, profile: Profile, body: Attributes): Problem[] {
  return patchProblems(PATCH[key(version, profile)], body, dialectOf(version, profile).notPatchable);
}
