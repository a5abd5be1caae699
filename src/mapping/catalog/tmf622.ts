import { ITEM_ACTIONS, ORDER_STATES } from '../../model/message.js';
import { type Catalog, type CatalogField, field } from './field.js';

const set = { readOnly: true };
const STATES = ORDER_STATES.filter((state) => state !== 'draft');

/** Attributes that both versions have (TMF622, ProductOrder). */
const ORDER: CatalogField[] = [
  field('text', 'id', 'Id the provider gives', { ...set, example: '815' }),
  field('text', 'description', 'The order in words', { example: 'New site in Hamburg' }),
  field('text', 'category', 'What kind of order it is', { example: 'B2B' }),
  field('text', 'state', 'Where it stands; the provider sets it', { ...set, values: STATES, example: 'inProgress' }),
  field('time', 'requestedStartDate', 'When the customer wants it begun', { example: '2026-03-10T08:00:00.000Z' }),
  field('time', 'requestedCompletionDate', 'When the customer wants it done', { example: '2026-03-20T17:00:00.000Z' }),
  field('time', 'expectedCompletionDate', 'When the provider expects it done', {
    ...set,
    example: '2026-03-19T17:00:00.000Z',
  }),
  field('time', 'completionDate', 'When it was done', set),
  field('text', 'notificationContact', 'Whom to tell about it', { example: 'orders@customer.example' }),
];

const ITEM: CatalogField[] = [
  field('text', 'id', 'Number of the item, chosen by the customer', { required: true, example: '1' }),
  field('text', 'action', 'What is to be done', { required: true, values: ITEM_ACTIONS, example: 'add' }),
  field('number', 'quantity', 'How many', { example: 1 }),
  field('text', 'state', 'Where it stands; the provider sets it', { ...set, values: STATES, example: 'acknowledged' }),
];

const RELATIONS = field('list', 'productOrderItemRelationship', 'Items of the same order it is related to');

const v4: Catalog = {
  fields: [
    ...ORDER,
    field('time', 'orderDate', 'When it was ordered', { ...set, example: '2026-03-02T08:20:11.000Z' }),
    field('text', 'externalId', 'Our reference; Switchboard writes it', set),
    field('text', 'priority', 'From 0, the highest, to 4', { values: ['0', '1', '2', '3', '4'], example: '2' }),
    field('text', 'cancellationReason', 'Why it was cancelled'),
    field('text', 'channel[role=origin].id', 'How it came in'),
    field('text', 'relatedParty[role=customer,@referredType=Organization].id', 'Who it is for: id', { example: 'c-1001' }),
    field('text', 'relatedParty[role=customer,@referredType=Organization].name', 'Who it is for: name', {
      example: 'Acme GmbH',
    }),
  ],
  items: {
    field: 'productOrderItem',
    fields: [
      ...ITEM,
      field('text', 'productOffering.id', 'The product offering: id', { example: '14277' }),
      field('text', 'productOffering.name', 'The product offering: name', { example: 'Fibre 1000' }),
      field('text', 'product.id', 'The product that is changed or taken away: id'),
      field('text', 'product.productSpecification.id', 'The product specification: id'),
      field('list', 'product.productCharacteristic', 'Its characteristics'),
      field('list', 'product.place', 'Where it is delivered'),
      RELATIONS,
    ],
  },
};

const v5: Catalog = {
  fields: [
    field('text', '@type', 'The class of the order', { required: true, values: ['ProductOrder'], example: 'ProductOrder' }),
    ...ORDER,
    field('time', 'creationDate', 'When it was ordered', { ...set, example: '2026-03-02T08:20:11.000Z' }),
    field('list', 'externalId', 'Our reference; Switchboard writes it', set),
    field('text', 'priority', 'From 0, the highest, to 4', { values: ['0', '1', '2', '3', '4'], example: '2' }),
    field(
      'text',
      'relatedParty[@type=RelatedPartyRefOrPartyRoleRef,role=customer].partyOrPartyRole{@type=PartyRef,@referredType=Organization}.id',
      'Who it is for: id',
      { example: 'c-1001' },
    ),
  ],
  items: {
    field: 'productOrderItem',
    fields: [
      field('text', '@type', 'The class of the item', {
        required: true,
        values: ['ProductOrderItem'],
        example: 'ProductOrderItem',
      }),
      ...ITEM,
      field('text', 'productOffering{@type=ProductOfferingRef}.id', 'The product offering: id', { example: '14277' }),
      field('text', 'productOffering{@type=ProductOfferingRef}.name', 'The product offering: name', { example: 'Fibre 1000' }),
      field('text', 'product{@type=Product}.id', 'The product that is changed or taken away: id'),
      field('list', 'product{@type=Product}.productCharacteristic', 'Its characteristics'),
      RELATIONS,
    ],
  },
};

/** By version. */
export const tmf622: Partial<Record<'v4' | 'v5' | 'servicenow', Catalog>> = { v4, v5 };
