import { type Catalog, type CatalogField, field } from '../../mapping/catalog/field.js';
import { ITEM_ACTIONS, ORDER_STATES, PRIORITIES } from '../../model/message.js';

const set = { readOnly: true };
const STATES = ORDER_STATES.filter((state) => state !== 'draft');
/** 0 is the highest. */
const PRIORITY = Object.fromEntries(PRIORITIES.map((priority, index) => [String(index), priority]));

const DATES: CatalogField[] = [
  field('time', 'requestedStartDate', 'When the customer wants it begun', { example: '2026-03-10T08:00:00.000Z' }),
  field('time', 'requestedCompletionDate', 'When the customer wants it done', { example: '2026-03-20T17:00:00.000Z' }),
  field('time', 'expectedCompletionDate', 'When the vendor expects it done', {
    ...set,
    example: '2026-03-19T17:00:00.000Z',
  }),
  field('time', 'completionDate', 'When it was done', set),
];

/** Attributes that all have (TMF622, ProductOrder). */
const COMMON: CatalogField[] = [
  field('text', 'id', 'Id the vendor gives', { ...set, example: '815' }),
  field('text', 'description', 'The order in words', { example: 'New site in Hamburg' }),
  field('text', 'cancellationReason', 'Why it is cancelled'),
  ...DATES,
];

const STANDARD: CatalogField[] = [
  ...COMMON,
  field('text', 'state', 'Where it stands; the customer can only cancel', { values: STATES, example: 'inProgress' }),
  field('text', 'category', 'What kind of order it is', { example: 'B2B' }),
  field('text', 'priority', 'In which order it is worked on', { values: PRIORITY, example: '2' }),
  field('text', 'notificationContact', 'Whom to tell about it', { example: 'orders@customer.example' }),
];

/** A party at a path. */
const party = (path: string, who: string, example: { id?: string; name?: string } = {}): CatalogField[] => [
  field('text', `${path}.id`, `${who}: id`, { example: example.id }),
  field('text', `${path}.name`, `${who}: name`, { example: example.name }),
  field('text', `${path}.email`, `${who}: e-mail address`),
  field('text', `${path}.phone`, `${who}: telephone number`),
];

const CUSTOMER = { id: 'c-1001', name: 'Acme GmbH' };

const item = (actions: Parameters<typeof field>[3]): CatalogField[] => [
  field('text', 'id', 'Number of the item, chosen by the customer', { required: true, example: '1' }),
  field('text', 'action', 'What is to be done', { required: true, example: 'add', ...actions }),
  field('number', 'quantity', 'How many', { example: 1 }),
  field('text', 'state', 'Where it stands; the customer can only cancel', { values: STATES, example: 'acknowledged' }),
  field('time', 'expectedCompletionDate', 'When the vendor expects it done', set),
  field('list', 'itemPrice', 'What it costs'),
  field('list', 'productOrderItemRelationship', 'Items of the same order it is related to'),
];

/** What is ordered, at the paths of its parts. */
const product = (path: string, offering: string, specification: string): CatalogField[] => [
  field('text', `${offering}.id`, 'The product offering: id', { example: '14277' }),
  field('text', `${offering}.name`, 'The product offering: name', { example: 'Fibre 1000' }),
  field('text', `${path}.id`, 'The product that is changed or taken away: id'),
  field('text', `${path}.name`, 'The product that is changed or taken away: name'),
  field('text', `${path}.${specification}.id`, 'The product specification: id'),
  field('text', `${path}.${specification}.name`, 'The product specification: name'),
  field('list', `${path}.productCharacteristic`, 'Its characteristics'),
];

const address = (value: string, reference: string): CatalogField[] => [
  field('text', `${value}.streetName`, 'Where it is installed: street', { example: 'Hafenstraße 12' }),
  field('text', `${value}.postcode`, 'Where it is installed: postcode', { example: '20457' }),
  field('text', `${value}.city`, 'Where it is installed: city', { example: 'Hamburg' }),
  field('text', `${value}.country`, 'Where it is installed: country', { example: 'DE' }),
  field('text', `${reference}.id`, 'Where it is installed: id of the place'),
  field('text', `${reference}.name`, 'Where it is installed: name of the place'),
];

const v4: Catalog = {
  fields: [
    ...STANDARD,
    field('time', 'orderDate', 'When it was ordered', { ...set, example: '2026-03-02T08:20:11.000Z' }),
    field('text', 'externalId', 'Our reference; Switchboard writes it', set),
    field('text', 'channel[role=order].id', 'How it came in', { example: 'portal' }),
    ...party('relatedParty[role=customer,@referredType=Organization]', 'Who it is for', CUSTOMER),
    ...party('relatedParty[role=contact,@referredType=Individual]', 'Whom to ask'),
  ],
  items: {
    field: 'productOrderItem',
    fields: [
      ...item({ values: ITEM_ACTIONS }),
      ...product('product', 'productOffering', 'productSpecification'),
      ...address('product.place[role=installation,@type=GeographicAddress]', 'product.place[role=installation]'),
      ...party('product.relatedParty[role=contact,@referredType=Individual]', 'Whom to ask there'),
    ],
  },
};

const RELATED = '@type=RelatedPartyRefOrPartyRoleRef';
const PRODUCT = 'product{@type=Product}';
const PLACE = `${PRODUCT}.place[@type=RelatedPlaceRefOrValue,role=installation]`;

const v5: Catalog = {
  fields: [
    field('text', '@type', 'The class of the order', { required: true, values: ['ProductOrder'], example: 'ProductOrder' }),
    ...STANDARD,
    field('time', 'creationDate', 'When it was ordered', { ...set, example: '2026-03-02T08:20:11.000Z' }),
    field('list', 'externalId', 'Our reference; Switchboard writes it', set),
    field('text', 'channel[@type=RelatedChannel,role=order].channel{@type=ChannelRef}.id', 'How it came in', {
      example: 'portal',
    }),
    ...party(
      `relatedParty[${RELATED},role=customer].partyOrPartyRole{@type=PartyRef,@referredType=Organization}`,
      'Who it is for',
      CUSTOMER,
    ),
    ...party(`relatedParty[${RELATED},role=contact].partyOrPartyRole{@type=PartyRef,@referredType=Individual}`, 'Whom to ask'),
  ],
  items: {
    field: 'productOrderItem',
    fields: [
      field('text', '@type', 'The class of the item', {
        required: true,
        values: ['ProductOrderItem'],
        example: 'ProductOrderItem',
      }),
      ...item({ values: ITEM_ACTIONS }),
      ...product(PRODUCT, 'productOffering{@type=ProductOfferingRef}', 'productSpecification{@type=ProductSpecificationRef}'),
      ...address(`${PLACE}.place{@type=GeographicAddress}`, `${PLACE}.place{@type=PlaceRef}`),
      ...party(
        `${PRODUCT}.relatedParty[@type=RelatedPartyOrPartyRole,role=contact].partyOrPartyRole{@type=PartyRef,@referredType=Individual}`,
        'Whom to ask there',
      ),
    ],
  },
};

/** ServiceNow's own TMF622: its choices instead of the standard's states and actions, and more that is demanded. */
const servicenow: Catalog = {
  fields: [
    ...COMMON,
    field('text', 'state', 'Where it stands: a choice of the order table; the customer can only cancel', {
      example: 'in_progress',
    }),
    field('text', 'orderCurrency', 'Currency, ISO 4217', { required: true, example: 'EUR' }),
    field('text', 'channel[role=order].id', 'How it came in', { required: true, example: '1' }),
    ...party('relatedParty[role=customer,@type=RelatedParty,@referredType=Customer]', 'Who it is for', CUSTOMER).map(
      (one, index) => (index === 0 ? { ...one, required: true } : one),
    ),
    ...party('relatedParty[role=contact,@type=RelatedParty,@referredType=CustomerContact]', 'Whom to ask'),
    field('text', 'externalId', 'Our reference; Switchboard writes it', set),
  ],
  items: {
    field: 'productOrderItem',
    fields: [
      field('text', '@type', 'The class of the item', { values: ['ProductOrderItem'], example: 'ProductOrderItem' }),
      ...item({ values: ['add', 'change', 'delete', 'no-change', 'resume', 'suspend'] }).map((one) =>
        one.path === 'state' ? field('text', 'state', one.description, { example: 'acknowledged' }) : one,
      ),
      ...product(PRODUCT, 'productOffering', 'productSpecification{@type=ProductSpecificationRef}'),
      field('text', `${PRODUCT}.place{@type=Place}.id`, 'Where it is installed: id of the place'),
      ...party(
        `${PRODUCT}.relatedParty[role=contact,@type=RelatedParty,@referredType=OrderLineItemContact]`,
        'Whom to ask there',
      ),
    ],
  },
};

/** By version or dialect. */
export const FIELDS: Record<string, Catalog> = { v4, v5, servicenow };
