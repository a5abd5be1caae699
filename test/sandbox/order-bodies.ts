import type { Version } from '../../src/sandbox/tmf-record.js';

export type Body = Record<string, unknown>;

const REFERENCE = 'SWB-TEST00000001';

export { REFERENCE };

/** An order of a SIM and a phone that depends on it, with as many validated attributes as possible. */
export function fullOrder(version: Version): Body {
  return version === 'v4' ? V4 : V5;
}

const V4: Body = {
  externalId: REFERENCE,
  description: 'A phone for Ann',
  priority: '2',
  requestedStartDate: '2030-01-01T00:00:00.000Z',
  requestedCompletionDate: '2030-01-05T00:00:00.000Z',
  note: [{ text: 'Ring twice', author: 'Ann', date: '2030-01-01T00:00:00.000Z' }],
  channel: [{ id: 'portal', role: 'order capture' }],
  billingAccount: { id: 'B-1' },
  relatedParty: [{ id: 'C-1', '@referredType': 'Organization', role: 'customer', name: 'Acme' }],
  productOrderItem: [
    {
      id: '01',
      action: 'add',
      quantity: 1,
      productOffering: { id: 'sim', name: 'SIM' },
      itemPrice: [{ name: 'fee', priceType: 'recurring', price: { taxRate: 19, dutyFreeAmount: { unit: 'EUR', value: 9.9 } } }],
      product: {
        productCharacteristic: [{ name: 'msisdn', valueType: 'string', value: '+49151000' }],
        place: [{ id: 'P-1', role: 'delivery', name: 'Reception' }],
        relatedParty: [{ id: 'U-1', '@referredType': 'Individual', role: 'user' }],
      },
    },
    {
      id: '02',
      action: 'add',
      quantity: 1,
      productOffering: { id: 'phone' },
      productOrderItemRelationship: [{ id: '01', relationshipType: 'reliesOn' }],
    },
  ],
};

const V5: Body = {
  '@type': 'ProductOrder',
  externalId: [{ '@type': 'ExternalIdentifier', id: REFERENCE, owner: 'Switchboard', externalIdentifierType: 'reference' }],
  description: 'A phone for Ann',
  priority: '2',
  requestedStartDate: '2030-01-01T00:00:00.000Z',
  requestedCompletionDate: '2030-01-05T00:00:00.000Z',
  note: [{ '@type': 'Note', text: 'Ring twice', author: 'Ann', date: '2030-01-01T00:00:00.000Z' }],
  channel: [{ '@type': 'RelatedChannel', role: 'order capture', channel: { '@type': 'ChannelRef', id: 'portal' } }],
  billingAccount: { '@type': 'BillingAccountRef', id: 'B-1' },
  relatedParty: [
    {
      '@type': 'RelatedPartyRefOrPartyRoleRef',
      role: 'customer',
      partyOrPartyRole: { '@type': 'PartyRef', id: 'C-1', name: 'Acme', '@referredType': 'Organization' },
    },
  ],
  productOrderItem: [
    {
      '@type': 'ProductOrderItem',
      id: '01',
      action: 'add',
      quantity: 1,
      productOffering: { '@type': 'ProductOfferingRef', id: 'sim', name: 'SIM' },
      itemPrice: [
        {
          '@type': 'OrderPrice',
          name: 'fee',
          priceType: 'recurring',
          price: { '@type': 'Price', taxRate: 19, dutyFreeAmount: { unit: 'EUR', value: 9.9 } },
        },
      ],
      product: {
        '@type': 'Product',
        productCharacteristic: [{ '@type': 'StringCharacteristic', name: 'msisdn', valueType: 'string', value: '+49151000' }],
        place: [{ '@type': 'RelatedPlaceRefOrValue', role: 'delivery', place: { '@type': 'PlaceRef', id: 'P-1' } }],
        relatedParty: [
          { '@type': 'RelatedPartyOrPartyRole', role: 'user', partyOrPartyRole: { '@type': 'PartyRef', id: 'U-1' } },
        ],
      },
    },
    {
      '@type': 'ProductOrderItem',
      id: '02',
      action: 'add',
      quantity: 1,
      productOffering: { '@type': 'ProductOfferingRef', id: 'phone' },
      productOrderItemRelationship: [{ '@type': 'OrderItemRelationship', id: '01', relationshipType: 'reliesOn' }],
    },
  ],
};

/** Variants of the body: each attribute at any depth once removed, and once with another type. */
export function* spoilt(body: Body, path = ''): Generator<{ what: string; body: Body }> {
  for (const [name, value] of Object.entries(body)) {
    const at = `${path}/${name}`;
    const { [name]: _, ...without } = body;
    yield { what: `without ${at}`, body: without };
    yield { what: `with ${at} of another type`, body: { ...body, [name]: typeof value === 'object' ? 7 : { odd: true } } };
    if (Array.isArray(value)) yield { what: `with an empty ${at}`, body: { ...body, [name]: [] } };
    const parts = Array.isArray(value) ? (value as Body[]) : [];
    for (const [index, part] of parts.entries())
      for (const below of spoilt(part, `${at}/${index}`))
        yield { what: below.what, body: { ...body, [name]: parts.with(index, below.body) } };
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const below of spoilt(value as Body, at)) yield { what: below.what, body: { ...body, [name]: below.body } };
  }
}
