import { Ajv, type ErrorObject } from 'ajv';
import addFormats from 'ajv-formats';
import { TICKET_STATES } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import { problemOf } from '../../model/schema.js';
import { dialectOf, type Profile, type Ticket, type Version } from './dialect.js';

/*
 * What the versions of TMF621 accept, in our words: required attributes, types, the status values. Attributes that are not named are allowed,
 * as the standard wants it (open content). Unions of v5 are told apart by @type.
 */

type Schema = Record<string, unknown>;

const text = { type: 'string' };
const time = { type: 'string', format: 'date-time' };
const object = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: 'object',
  properties,
  required,
});
const list = (items: Schema): Schema => ({ type: 'array', items });

const TIMES = Object.fromEntries(
  ['requestedResolutionDate', 'expectedResolutionDate', 'resolutionDate', 'statusChangeDate', 'creationDate', 'lastUpdate'].map(
    (n) => [n, time],
  ),
);
const TEXTS = Object.fromEntries(
  ['name', 'description', 'severity', 'priority', 'ticketType', 'statusChangeReason'].map((n) => [n, text]),
);
const STATUS = { type: 'string', enum: [...TICKET_STATES] };
const size = object({ amount: { type: 'number' }, units: text });

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

const typed = (properties: Record<string, Schema>, required: string[] = []): Schema =>
  object({ '@type': text, ...properties }, ['@type', ...required]);

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

/** ServiceNow takes choices by value or label, so nothing can be said of them; it wants all four (its two documents name three each). */
const servicenow: Record<string, Schema> = {
  ...TEXTS,
  status: text,
  severity: { type: 'string', enum: ['1', '2', '3', '4', '5'] },
  ticketType: { type: 'string', enum: ['Case', 'Incident', 'Service Problem Case'] },
  note: list(object({ '@type': { type: 'string', enum: ['comments', 'work_notes'] }, text }, ['@type', 'text'])),
};

const ajv = new Ajv({ allErrors: true, strict: false });
addFormats.default(ajv);

const CREATE = {
  v4: ajv.compile(object(v4, ['description', 'severity', 'ticketType'])),
  v5: ajv.compile(object(v5, ['@type', 'description', 'severity', 'ticketType'])),
  servicenow: ajv.compile(object(servicenow, ['description', 'severity', 'status', 'ticketType'])),
};
const PATCH = {
  v4: ajv.compile(object(v4)),
  v5: ajv.compile(object(v5, ['@type'])),
  servicenow: ajv.compile(object(servicenow)),
};

const key = (version: Version, profile: Profile) => (profile === 'servicenow' ? 'servicenow' : version);

/** What a provider would refuse of a create; empty when nothing. */
export function validateTicketCreate(version: Version, profile: Profile, body: unknown): Problem[] {
  const check = CREATE[key(version, profile)];
  return check(body) ? [] : problems(check.errors);
}

/** What a provider would refuse of a PATCH, attributes that are not patchable included. */
export function validateTicketPatch(version: Version, profile: Profile, body: Ticket): Problem[] {
  const check = PATCH[key(version, profile)];
  const found = check(body) ? [] : problems(check.errors);
  const { notPatchable } = dialectOf(version, profile);
  for (const name of Object.keys(body)) {
    if (notPatchable.has(name))
      found.push({ level: 'error', code: 'schema', field: name, text: `${name} cannot be changed by a PATCH.` });
  }
  return found;
}

/** The keyword «if» only repeats what its branch says. */
function problems(errors: ErrorObject[] | null | undefined): Problem[] {
  return (errors ?? []).filter((e) => e.keyword !== 'if').map(problemOf);
}
