import type { Json } from '../../model/message.js';

export type Version = 'v4' | 'v5';
export type Profile = 'standard' | 'servicenow';

/** In what the versions of TMF621 differ, and ServiceNow's own form of it (TMF621 v4.0.0, v5.0.1; ServiceNow, Trouble Ticket Open API). */
export interface Dialect {
  /** Below the base URL. */
  apiPath: string;
  /** Attributes that a PATCH may not hold (TroubleTicket_Update, TroubleTicket_MVO). */
  notPatchable: ReadonlySet<string>;
  /** Attributes that a create may not hold (TroubleTicket_Create, TroubleTicket_FVO). */
  notCreatable: ReadonlySet<string>;
  patchType: string;
  /** Every object names its type. */
  typed: boolean;
  hub: boolean;
  attachments: boolean;
  /** Where our reference stands. */
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
  // The v4 definition knows no other type; its semantics are those of a merge patch.
  patchType: 'application/json;charset=utf-8',
  typed: false,
  hub: true,
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
    patchType: 'application/merge-patch+json',
    typed: true,
    reference: 'externalIdentifier',
  },
  servicenow: {
    ...V4,
    apiPath: '/api/sn_ind_tsm_sdwan/ticket',
    patchType: 'application/json',
    hub: false,
    attachments: false,
    reference: 'description',
  },
};

export function dialectOf(version: Version, profile: Profile): Dialect {
  return DIALECTS[profile === 'servicenow' ? 'servicenow' : version];
}

/** A ticket as a provider gives it. */
export type Ticket = { [attribute: string]: Json };

const MARK = /\n?\[ref (SWB-[0-9A-Z/_-]+)\]\s*$/i;

/** Our reference as a ticket carries it; other systems may have put identifiers of their own beside it. */
export function referenceOf(ticket: Ticket, dialect: Dialect): string | undefined {
  if (dialect.reference === 'externalId') return ours(ticket.externalId);
  if (dialect.reference === 'description') return MARK.exec(String(ticket.description ?? ''))?.[1];
  const list = Array.isArray(ticket.externalIdentifier) ? ticket.externalIdentifier : [];
  return list.map((entry) => ours((entry as Ticket | null)?.id)).find((id) => id !== undefined);
}

function ours(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.startsWith('SWB-') ? value : undefined;
}

/** The attributes of a create that carry our reference. */
export function withReference(fields: Ticket, reference: string, dialect: Dialect): Ticket {
  if (dialect.reference === 'externalId') return { ...fields, externalId: reference };
  if (dialect.reference === 'description') return { ...fields, description: `${fields.description ?? ''}\n[ref ${reference}]` };
  const identifier = {
    '@type': 'ExternalIdentifier',
    id: reference,
    owner: 'Switchboard',
    externalIdentifierType: 'Switchboard',
  };
  const others = Array.isArray(fields.externalIdentifier) ? fields.externalIdentifier : [];
  return { ...fields, externalIdentifier: [...others, identifier] };
}

/** A description without our mark. */
export function withoutMark(description: string): string {
  return description.replace(MARK, '');
}
