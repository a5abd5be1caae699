import { type Attributes, textOf } from '../tmf/attributes.js';
import { type Profile, type TmfDialect, V4_PATCH, V5_PATCH, type Version } from '../tmf/dialect.js';
import { identifiersWith, ourReferenceIn } from '../tmf/reference.js';

/**
 * The differences between the versions of TMF621 and ServiceNow's own form of it (TMF621 v4.0.0, v5.0.1; ServiceNow, Trouble
 * Ticket Open API).
 */
export interface Dialect extends TmfDialect {
  attachments: boolean;
  /** The attribute that holds our reference. */
  reference: 'externalId' | 'externalIdentifier' | 'description';
}

const V4: Dialect = {
  apiPath: '/tmf-api/troubleTicket/v4',
  notPatchable: new Set([
    'id',
    'href',
    'creationDate',
    'lastUpdate',
    'statusChangeDate',
    'statusChange',
    '@type',
    '@baseType',
    '@schemaLocation',
  ]),
  notCreatable: new Set(['id', 'href']),
  patchType: V4_PATCH,
  typed: false,
  hub: true,
  note: 'full',
  attachments: true,
  reference: 'externalId',
};

const DIALECTS: Record<Version | 'servicenow', Dialect> = {
  v4: V4,
  v5: {
    ...V4,
    apiPath: '/tmf-api/troubleTicket/v5',
    notPatchable: new Set([
      'id',
      'href',
      'creationDate',
      'lastUpdate',
      'statusChangeDate',
      'statusChangeHistory',
      '@baseType',
      '@schemaLocation',
    ]),
    notCreatable: new Set(['id', 'href', 'creationDate', 'lastUpdate', 'statusChangeHistory']),
    patchType: V5_PATCH,
    typed: true,
    reference: 'externalIdentifier',
  },
  servicenow: {
    ...V4,
    apiPath: '/api/sn_ind_tsm_sdwan/ticket',
    patchType: 'application/json',
    hub: false,
    note: 'typedText',
    attachments: false,
    reference: 'description',
  },
};

export function dialectOf(version: Version, profile: Profile): Dialect {
  return DIALECTS[profile === 'servicenow' ? 'servicenow' : version];
}

const MARK = /\n?\[ref (SWB-[0-9A-Z/_-]+)\]\s*$/i;

/** Our reference in a ticket. */
export function referenceOf(ticket: Attributes, dialect: Dialect): string | undefined {
  if (dialect.reference === 'externalId') return ourReferenceIn(ticket.externalId);
  if (dialect.reference === 'description') return MARK.exec(textOf(ticket.description) ?? '')?.[1];
  return ourReferenceIn(ticket.externalIdentifier);
}

/** The attributes of a create that carry our reference. */
export function withReference(fields: Attributes, reference: string, dialect: Dialect): Attributes {
  if (dialect.reference === 'externalId') return { ...fields, externalId: reference };
  if (dialect.reference === 'description') return { ...fields, description: `${fields.description ?? ''}\n[ref ${reference}]` };
  return { ...fields, externalIdentifier: identifiersWith(reference, fields.externalIdentifier) };
}

/** A description without our reference. */
export function withoutMark(description: string): string {
  return description.replace(MARK, '');
}
