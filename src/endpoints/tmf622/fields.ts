import { type Catalog, type CatalogField, field } from '../../mapping/catalog/field.js';
import { ITEM_ACTIONS, ORDER_STATES, PRIORITIES } from '../../model/message.js';

const READ_ONLY = { readOnly: true };
const STATES = ORDER_STATES.filter((state) => state !== 'draft');
/** 0 is the highest priority. */
const PRIORITY = Object.fromEntries(PRIORITIES.map((priority, index) => [String(index), priority]));

const DATES: CatalogField[] = [
  field('time', 'requestedStartDate', 'Start date requested by the customer', { example: '2026-03-10T08:00:00.000Z' }),
  field('time', 'requestedCompletionDate', 'Completion date requested by the customer', { example: '2026-03-20T17:00:00.000Z' }),
  field('time', 'expectedCompletionDate', 'Completion date expected by the vendor', {
    ...READ_ONLY,
    example: '2026-03-19T17:00:00.000Z',
  }),
  field('time', 'completionDate', 'Completed at', READ_ONLY),
];

/** Attributes of all dialects (TMF622, ProductOrder). */
const COMMON: CatalogField[] = [
  field('text', 'id', 'Id assigned by the vendor', { ...READ_ONLY, example: '815' }),
  field('text', 'description', 'Order description', { example: 'New site in Hamburg' }),
  field('text', 'cancellationReason', 'Cancellation reason'),
  ...DATES,
];

const STANDARD: CatalogField[] = [
  ...COMMON,
  field('text', 'state', 'State; the customer can only cancel', { values: STATES, example: 'inProgress' }),
  field('text', 'category', 'Category of the order', { example: 'B2B' }),
  field('text', 'priority', 'Priority', { values: PRIORITY, example: '2' }),
  field('text', 'notificationContact', 'Contact for notifications', { example: 'orders@customer.example' }),
];

/** The fields of a party. */
const party = (path: string, who: string, example: { id?: string; name?: string } = {}): CatalogField[] => [
  field('text', `${path}.id`, `${who}: id`, { example: example.id }),
  field('text', `${path}.name`, `${who}: name`, { example: example.name }),
  field('text', `${path}.email`, `${who}: e-mail address`),
  field('text', `${path}.phone`, `${who}: telephone number`),
];

const CUSTOMER = { id: 'c-1001', name: 'Acme GmbH' };

const item = (actions: Parameters<typeof field>[3]): CatalogField[] => [
  field('text', 'id', 'Item number, assigned by the customer', { required: true, example: '1' }),
  field('text', 'action', 'Action', { required: true, example: 'add', ...actions }),
  field('number', 'quantity', 'Quantity', { example: 1 }),
  field('text', 'state', 'State; the customer can only cancel', { values: STATES, example: 'acknowledged' }),
  field('time', 'expectedCompletionDate', 'Completion date expected by the vendor', READ_ONLY),
  field('list', 'itemPrice', 'Price'),
  field('list', 'productOrderItemRelationship', 'Related items of the same order'),
];

/** The fields of the ordered product. */
const product = (path: string, offering: string, specification: string): CatalogField[] => [
  field('text', `${offering}.id`, 'Product offering: id', { example: '14277' }),
  field('text', `${offering}.name`, 'Product offering: name', { example: 'Fibre 1000' }),
  field('text', `${path}.id`, 'Existing product to change or remove: id'),
  field('text', `${path}.name`, 'Existing product to change or remove: name'),
  field('text', `${path}.${specification}.id`, 'Product specification: id'),
  field('text', `${path}.${specification}.name`, 'Product specification: name'),
  field('list', `${path}.productCharacteristic`, 'Characteristics'),
];

const address = (value: string, reference: string): CatalogField[] => [
  field('text', `${value}.streetName`, 'Installation address: street', { example: 'Hafenstraße 12' }),
  field('text', `${value}.postcode`, 'Installation address: postcode', { example: '20457' }),
  field('text', `${value}.city`, 'Installation address: city', { example: 'Hamburg' }),
  field('text', `${value}.country`, 'Installation address: country', { example: 'DE' }),
  field('text', `${reference}.id`, 'Installation address: id of the place'),
  field('text', `${reference}.name`, 'Installation address: name of the place'),
];

const v4: Catalog = {
  fields: [
    ...STANDARD,
    field('time', 'orderDate', 'Ordered at', { ...READ_ONLY, example: '2026-03-02T08:20:11.000Z' }),
    field('text', 'externalId', 'Our reference, set by Switchboard', READ_ONLY),
    field('text', 'channel[role=order].id', 'Channel through which it was ordered', { example: 'portal' }),
    ...party('relatedParty[role=customer,@referredType=Organization]', 'Customer', CUSTOMER),
    ...party('relatedParty[role=contact,@referredType=Individual]', 'Contact'),
  ],
  items: {
    field: 'productOrderItem',
    fields: [
      ...item({ values: ITEM_ACTIONS }),
      ...product('product', 'productOffering', 'productSpecification'),
      ...address('product.place[role=installation,@type=GeographicAddress]', 'product.place[role=installation]'),
      ...party('product.relatedParty[role=contact,@referredType=Individual]', 'On-site contact'),
    ],
  },
};

const RELATED = '@type=RelatedPartyRefOrPartyRoleRef';
const PRODUCT = 'product{@type=Product}';
const PLACE = `${PRODUCT}.place[@type=RelatedPlaceRefOrValue,role=installation]`;

const v5: Catalog = {
  fields: [
    field('text', '@type', 'Class of the order', { required: true, values: ['ProductOrder'], example: 'ProductOrder' }),
    ...STANDARD,
    field('time', 'creationDate', 'Ordered at', { ...READ_ONLY, example: '2026-03-02T08:20:11.000Z' }),
    field('list', 'externalId', 'Our reference, set by Switchboard', READ_ONLY),
    field(
      'text',
      'channel[@type=RelatedChannel,role=order].channel{@type=ChannelRef}.id',
      'Channel through which it was ordered',
      {
        example: 'portal',
      },
    ),
    ...party(
      `relatedParty[${RELATED},role=customer].partyOrPartyRole{@type=PartyRef,@referredType=Organization}`,
      'Customer',
      CUSTOMER,
    ),
    ...party(`relatedParty[${RELATED},role=contact].partyOrPartyRole{@type=PartyRef,@referredType=Individual}`, 'Contact'),
  ],
  items: {
    field: 'productOrderItem',
    fields: [
      field('text', '@type', 'Class of the item', {
        required: true,
        values: ['ProductOrderItem'],
        example: 'ProductOrderItem',
      }),
      ...item({ values: ITEM_ACTIONS }),
      ...product(PRODUCT, 'productOffering{@type=ProductOfferingRef}', 'productSpecification{@type=ProductSpecificationRef}'),
      ...address(`${PLACE}.place{@type=GeographicAddress}`, `${PLACE}.place{@type=PlaceRef}`),
      ...party(
        `${PRODUCT}.relatedParty[@type=RelatedPartyOrPartyRole,role=contact].partyOrPartyRole{@type=PartyRef,@referredType=Individual}`,
        'On-site contact',
      ),
    ],
  },
};

/** ServiceNow's TMF622 API: its own choices instead of the standard's states and actions, and more required fields. */
const servicenow: Catalog = {
  fields: [
    ...COMMON,
    field('text', 'state', 'State: a choice of the order table; the customer can only cancel', {
      example: 'in_progress',
    }),
    field('text', 'orderCurrency', 'Currency, ISO 4217', { required: true, example: 'EUR' }),
    field('text', 'channel[role=order].id', 'Channel through which it was ordered', { required: true, example: '1' }),
    ...party('relatedParty[role=customer,@type=RelatedParty,@referredType=Customer]', 'Customer', CUSTOMER).map((one, index) =>
      index === 0 ? { ...one, required: true } : one,
    ),
    ...party('relatedParty[role=contact,@type=RelatedParty,@referredType=CustomerContact]', 'Contact'),
    field('text', 'externalId', 'Our reference, set by Switchboard', READ_ONLY),
  ],
  items: {
    field: 'productOrderItem',
    fields: [
      field('text', '@type', 'Class of the item', { values: ['ProductOrderItem'], example: 'ProductOrderItem' }),
      ...item({ values: ['add', 'change', 'delete', 'no-change', 'resume', 'suspend'] }).map((one) =>
        one.path === 'state' ? field('text', 'state', one.description, { example: 'acknowledged' }) : one,
      ),
      ...product(PRODUCT, 'productOffering', 'productSpecification{@type=ProductSpecificationRef}'),
      field('text', `${PRODUCT}.place{@type=Place}.id`, 'Installation address: id of the place'),
      ...party(`${PRODUCT}.relatedParty[role=contact,@type=RelatedParty,@referredType=OrderLineItemContact]`, 'On-site contact'),
    ],
  },
};

/** By dialect. */
export const FIELDS: Record<string, Catalog> = { v4, v5, servicenow };
