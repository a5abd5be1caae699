import type { Mapping, Rule, ValueRow } from '../../mapping/mapping.js';
import { CANCELLING_STATES, ITEM_ACTIONS, ORDER_STATES, PRIORITIES } from '../../model/message.js';

const inOnly = (partner: string, generic: string): ValueRow => ({ partner, generic, direction: 'in' });
const outOnly = (partner: string, generic: string): ValueRow => ({ partner, generic, direction: 'out' });

const CANCELLING = { generic: 'state', is: [...CANCELLING_STATES] };

/**
 * The vendor sets the states of an order and its items (ProductOrderStateType, ProductOrderItemStateType of v4 and v5; the
 * generic states are the same).
 */
const STATE: Rule = {
  field: 'state',
  generic: 'state',
  direction: 'in',
  values: [...ORDER_STATES.map((s) => inOnly(s, s)), inOnly('inProgress.accepted', 'inProgress')],
};

/** The only state that the customer can set: a cancellation. */
const cancel = (word: string): Rule => ({
  field: 'state',
  generic: 'state',
  direction: 'out',
  onlyIf: CANCELLING,
  values: CANCELLING_STATES.map((s) => outOnly(word, s)),
});

const DATES: Rule[] = [
  { field: 'requestedStartDate', generic: 'requestedStartAt', type: 'time' },
  { field: 'requestedCompletionDate', generic: 'requestedCompletionAt', type: 'time' },
  { field: 'expectedCompletionDate', generic: 'expectedCompletionAt', direction: 'in', type: 'time' },
  { field: 'completionDate', generic: 'completedAt', direction: 'in', type: 'time' },
];

const ORDER: Rule[] = [
  STATE,
  cancel('cancelled'),
  { field: 'cancellationReason', generic: 'stateReason', onlyIf: CANCELLING },
  { field: 'description', generic: 'description' },
  { field: 'description', generic: 'title', direction: 'out' },
  { field: 'category', generic: 'category' },
  ...DATES,
  {
    field: 'priority',
    generic: 'priority',
    values: PRIORITIES.map((p, i) => ({ partner: String(i), generic: p })), // 0 is the highest, 4 the lowest
  },
  { field: 'notificationContact', generic: 'contact.email', direction: 'out' },
  { field: 'notificationContact', generic: 'contact.phone', direction: 'out' },
];

/** The rules of a party. An id is required, so a missing id is replaced by the name or e-mail address. */
const party = (path: string, generic: string): Rule[] => [
  { field: `${path}.id`, generic: `${generic}.id`, type: 'text' },
  { field: `${path}.id`, generic: `${generic}.name`, direction: 'out' },
  { field: `${path}.id`, generic: `${generic}.email`, direction: 'out' },
  { field: `${path}.name`, generic: `${generic}.name` },
  { field: `${path}.email`, generic: `${generic}.email` },
  { field: `${path}.phone`, generic: `${generic}.phone` },
];

const ITEM: Rule[] = [
  { field: 'id', generic: 'id', type: 'text', required: 'both' },
  { field: 'action', generic: 'action', required: 'out', values: ITEM_ACTIONS.map((a) => ({ partner: a, generic: a })) },
  { field: 'quantity', generic: 'quantity', type: 'number' },
  STATE,
  cancel('cancelled'),
  { field: 'expectedCompletionDate', generic: 'expectedCompletionAt', direction: 'in', type: 'time' },
  { field: 'itemPrice', generic: 'price', type: 'prices' },
  { field: 'productOrderItemRelationship', generic: 'reliesOn', type: 'itemRelations' },
];

/** The rules of the ordered product. */
const product = (path: string, offering: string, specification: string): Rule[] => [
  { field: `${offering}.id`, generic: 'offering.id', type: 'text' },
  { field: `${offering}.name`, generic: 'offering.name' },
  { field: `${path}.id`, generic: 'product.id', type: 'text' },
  { field: `${path}.name`, generic: 'product.name' },
  { field: `${path}.${specification}.id`, generic: 'specification.id', type: 'text' },
  { field: `${path}.${specification}.name`, generic: 'specification.name' },
  { field: `${path}.productCharacteristic`, generic: 'characteristics', type: 'characteristics' },
];

/** The address as a value if it is known (GeographicAddress), else as a reference. */
const address = (value: string, reference: string): Rule[] => [
  { field: `${value}.streetName`, generic: 'place.street' },
  { field: `${value}.postcode`, generic: 'place.postcode', type: 'text' },
  { field: `${value}.city`, generic: 'place.city' },
  { field: `${value}.country`, generic: 'place.country' },
  { field: `${reference}.id`, generic: 'place.id', type: 'text' },
  { field: `${reference}.name`, generic: 'place.name' },
];

export const tmf622v4: Mapping = {
  name: 'TMF622 v4 product order',
  system: 'tmf622',
  version: 'v4',
  entityType: 'productOrder',
  rules: [
    ...ORDER,
    { field: 'orderDate', generic: 'createdAt', direction: 'in', type: 'time' },
    { field: 'channel[role=order].id', generic: 'channel', type: 'text' },
    ...party('relatedParty[role=customer,@referredType=Organization]', 'customer'),
    ...party('relatedParty[role=contact,@referredType=Individual]', 'contact'),
  ],
  items: {
    field: 'productOrderItem',
    rules: [
      ...ITEM,
      ...product('product', 'productOffering', 'productSpecification'),
      ...address('product.place[role=installation,@type=GeographicAddress]', 'product.place[role=installation]'),
      ...party('product.relatedParty[role=contact,@referredType=Individual]', 'contact'),
    ],
  },
};

/** In v5 every object has a type, and parties, places and channels are nested one level deeper (TMF630 v5, polymorphism). */
const RELATED = '@type=RelatedPartyRefOrPartyRoleRef';
const PRODUCT = 'product{@type=Product}';
const PLACE = `${PRODUCT}.place[@type=RelatedPlaceRefOrValue,role=installation]`;

export const tmf622v5: Mapping = {
  name: 'TMF622 v5 product order',
  system: 'tmf622',
  version: 'v5',
  entityType: 'productOrder',
  rules: [
    { field: '@type', generic: 'custom.orderClass', direction: 'out', constant: 'ProductOrder' },
    ...ORDER,
    { field: 'creationDate', generic: 'createdAt', direction: 'in', type: 'time' },
    { field: 'channel[@type=RelatedChannel,role=order].channel{@type=ChannelRef}.id', generic: 'channel', type: 'text' },
    ...party(`relatedParty[${RELATED},role=customer].partyOrPartyRole{@type=PartyRef,@referredType=Organization}`, 'customer'),
    ...party(`relatedParty[${RELATED},role=contact].partyOrPartyRole{@type=PartyRef,@referredType=Individual}`, 'contact'),
  ],
  items: {
    field: 'productOrderItem',
    rules: [
      { field: '@type', generic: 'custom.itemClass', direction: 'out', constant: 'ProductOrderItem' },
      ...ITEM,
      ...product(PRODUCT, 'productOffering{@type=ProductOfferingRef}', 'productSpecification{@type=ProductSpecificationRef}'),
      ...address(`${PLACE}.place{@type=GeographicAddress}`, `${PLACE}.place{@type=PlaceRef}`),
      ...party(
        `${PRODUCT}.relatedParty[@type=RelatedPartyOrPartyRole,role=contact].partyOrPartyRole{@type=PartyRef,@referredType=Individual}`,
        'contact',
      ),
    ],
  },
};

/** ServiceNow's state values of orders, order items and domain orders (order management, state values). */
const SERVICENOW_STATE: Rule = {
  field: 'state',
  generic: 'state',
  direction: 'in',
  values: [
    inOnly('draft', 'draft'),
    inOnly('new', 'acknowledged'),
    inOnly('submitted', 'acknowledged'),
    inOnly('qualified', 'acknowledged'),
    inOnly('acknowledged', 'acknowledged'),
    inOnly('enrichment_in_progress', 'acknowledged'),
    inOnly('enrichment_on_hold', 'held'),
    inOnly('in_progress', 'inProgress'),
    inOnly('revision_in_progress', 'inProgress'),
    inOnly('scheduled', 'inProgress'),
    inOnly('awaiting_information', 'pending'),
    inOnly('on_hold', 'held'),
    inOnly('completed', 'completed'),
    inOnly('closed_complete', 'completed'),
    inOnly('rejected', 'rejected'),
    inOnly('failed', 'failed'),
    inOnly('assessing_cancellation', 'assessingCancellation'),
    inOnly('cancellation_in_progress', 'pendingCancellation'),
    inOnly('canceled', 'cancelled'),
    inOnly('cancelled', 'cancelled'),
  ],
};

/**
 * ServiceNow's TMF622 API: states and actions are its own choices, parties are distinguished by @referredType, a place is a
 * reference. It requires a channel and a currency; the defaults are those of its examples.
 */
export const tmf622ServiceNow: Mapping = {
  name: 'TMF622 as ServiceNow speaks it',
  system: 'tmf622',
  version: 'servicenow',
  entityType: 'productOrder',
  rules: [
    SERVICENOW_STATE,
    cancel('cancelled'),
    { field: 'cancellationReason', generic: 'stateReason', onlyIf: CANCELLING },
    { field: 'description', generic: 'description' },
    { field: 'description', generic: 'title', direction: 'out' },
    ...DATES,
    {
      field: 'channel[role=order].id',
      generic: 'channel',
      direction: 'out',
      type: 'text',
      required: 'out',
      default: { out: '1' },
    },
    { field: 'orderCurrency', generic: 'custom.currency', required: 'out', default: { out: 'USD' } },
    ...party('relatedParty[role=customer,@type=RelatedParty,@referredType=Customer]', 'customer'),
    ...party('relatedParty[role=contact,@type=RelatedParty,@referredType=CustomerContact]', 'contact'),
  ],
  items: {
    field: 'productOrderItem',
    rules: [
      { field: '@type', generic: 'custom.itemClass', direction: 'out', constant: 'ProductOrderItem' },
      { field: 'id', generic: 'id', type: 'text', required: 'both' },
      {
        field: 'action',
        generic: 'action',
        required: 'out',
        values: [
          { partner: 'add', generic: 'add' },
          { partner: 'change', generic: 'modify' },
          { partner: 'delete', generic: 'delete' },
          { partner: 'no-change', generic: 'noChange' },
          inOnly('resume', 'modify'),
          inOnly('suspend', 'modify'),
        ],
      },
      { field: 'quantity', generic: 'quantity', type: 'number' },
      SERVICENOW_STATE,
      cancel('canceled'),
      { field: 'expectedCompletionDate', generic: 'expectedCompletionAt', direction: 'in', type: 'time' },
      { field: 'itemPrice', generic: 'price', type: 'prices' },
      { field: 'productOrderItemRelationship', generic: 'reliesOn', direction: 'in', type: 'itemRelations' },
      ...product(PRODUCT, 'productOffering', 'productSpecification{@type=ProductSpecificationRef}'),
      { field: `${PRODUCT}.place{@type=Place}.id`, generic: 'place.id', type: 'text' },
      ...party(`${PRODUCT}.relatedParty[role=contact,@type=RelatedParty,@referredType=OrderLineItemContact]`, 'contact'),
    ],
  },
};

export const PRESETS: readonly Mapping[] = [tmf622v4, tmf622v5, tmf622ServiceNow];
