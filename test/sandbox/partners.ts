import type { Behaviours } from '../../src/sandbox/behaviours.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import type { Version } from '../../src/sandbox/tmf-record.js';

type Entry = { [name: string]: unknown };

/** A simulated partner, for tests that call its API directly. */
export interface Partner {
  name: string;
  /** Path of its records. */
  path: string;
  user: (sandbox: Sandbox) => string;
  desk: (sandbox: Sandbox) => { behaviours: Behaviours };
  /** The body of a create with this reference. */
  body: (reference: string) => Entry;
  /** The attribute changed by a change, and the content type of its body. */
  changes: string;
  type: string;
  /** Extracts the list or the record from an answer, and the id from a record. */
  list: (body: unknown) => Entry[];
  record: (body: unknown) => Entry;
  id: (entry: Entry) => string;
}

const ofTmf = {
  list: (body: unknown) => body as Entry[],
  record: (body: unknown) => body as Entry,
  id: (e: Entry) => String(e.id),
};
const client = ({ environment: e }: Sandbox) => `${e.SANDBOX_TMF_CLIENT_ID}:${e.SANDBOX_TMF_CLIENT_SECRET}`;
const type = (version: Version) => (version === 'v4' ? 'application/json' : 'application/merge-patch+json');
const named = (version: Version, name: string): Entry => (version === 'v5' ? { '@type': name } : {});
const identifier = (id: string): Entry => ({
  '@type': 'ExternalIdentifier',
  id,
  owner: 'Switchboard',
  externalIdentifierType: 'x',
});

const tickets = (version: Version): Partner => ({
  ...ofTmf,
  name: `tmf${version.slice(1)}`,
  path: `/tmf-api/troubleTicket/${version}/troubleTicket`,
  user: client,
  desk: (sandbox) => sandbox.tmf(version),
  body: (reference) => ({
    ...named(version, 'TroubleTicket'),
    description: 'x',
    severity: 'Minor',
    ticketType: 'incident',
    ...(version === 'v4' ? { externalId: reference } : { externalIdentifier: [identifier(reference)] }),
  }),
  changes: 'description',
  type: type(version),
});

const item = (version: Version, id: string, quantity: number, reliesOn?: string): Entry => ({
  ...named(version, 'ProductOrderItem'),
  id,
  action: 'add',
  quantity,
  productOffering: { ...named(version, 'ProductOfferingRef'), id: `offering ${id}` },
  ...(reliesOn && {
    productOrderItemRelationship: [{ ...named(version, 'OrderItemRelationship'), id: reliesOn, relationshipType: 'reliesOn' }],
  }),
});

const orders = (version: Version): Partner => ({
  ...ofTmf,
  name: `orders${version.slice(1)}`,
  path: `/tmf-api/productOrderingManagement/${version}/productOrder`,
  user: client,
  desk: (sandbox) => sandbox.orders(version),
  body: (reference) => ({
    ...named(version, 'ProductOrder'),
    description: 'x',
    externalId: version === 'v4' ? reference : [identifier(reference)],
    productOrderItem: [item(version, '1', 3), item(version, '2', 1, '1')],
  }),
  changes: 'description',
  type: type(version),
});

export const ORDERS: Partner[] = [orders('v4'), orders('v5')];

/** A vendor that runs ServiceNow with its own TMF622 API. */
export const SERVICENOW_ORDERS: Partner = {
  ...orders('v4'),
  name: 'orderssn',
  path: '/api/sn_ind_tmt_orm/order/productOrder',
  desk: (sandbox) => sandbox.orders('servicenow'),
  body: (reference) => ({
    description: 'x',
    externalId: reference,
    externalSystem: 'Switchboard-TMF622',
    orderCurrency: 'EUR',
    channel: [{ id: '1' }],
    relatedParty: [{ id: 'C-1', '@referredType': 'Customer' }],
    productOrderItem: [item('v4', '1', 3), item('v4', '2', 1, '1')],
  }),
};

export const PARTNERS: Partner[] = [
  {
    name: 'servicenow',
    path: '/api/now/v2/table/incident',
    user: ({ servicenow }) => `switchboard:${servicenow.passwords.switchboard}`,
    desk: (sandbox) => sandbox.servicenow,
    body: (reference) => ({ short_description: 'x', correlation_id: reference }),
    changes: 'short_description',
    type: 'application/json',
    list: (body) => (body as { result: Entry[] }).result,
    record: (body) => (body as { result: Entry }).result,
    id: (entry) => String(entry.sys_id),
  },
  {
    ...ofTmf,
    name: 'csm',
    path: '/api/sn_ind_tsm_sdwan/ticket/troubleTicket',
    user: ({ csm }) => `switchboard:${csm.passwords.switchboard}`,
    desk: (sandbox) => sandbox.csm,
    body: (reference) => ({
      name: 'x',
      description: `x\n[ref ${reference}]`,
      severity: '2',
      ticketType: 'Incident',
      status: 'New',
    }),
    changes: 'name',
    type: 'application/json',
  },
  tickets('v4'),
  tickets('v5'),
  ...ORDERS,
];

/** Sends an authenticated request to a partner. Returns the parsed body if it is JSON. */
export async function ask(sandbox: Sandbox, partner: Partner, method: string, path = '', body?: unknown, signal?: AbortSignal) {
  const answer = await fetch(`${sandbox.url}/${partner.name}${partner.path}${path}`, {
    method,
    headers: {
      Authorization: `Basic ${Buffer.from(partner.user(sandbox)).toString('base64')}`,
      'Content-Type': method === 'PATCH' ? partner.type : 'application/json',
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  const text = await answer.text();
  const { status, headers } = answer;
  const json = /json/.test(headers.get('content-type') ?? '');
  return {
    status,
    type: headers.get('content-type'),
    location: headers.get('location'),
    text,
    body: json ? JSON.parse(text) : text,
  };
}
