import { ITEM_ACTIONS, ORDER_STATES } from '../../model/message.js';
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
 * What the versions of TMF622 accept, in our own terms: required attributes, types, states. Unions of v5 are distinguished by
 * @type.
 */

const whole = { type: 'integer' };
const some = (items: Schema): Schema => ({ ...list(items), minItems: 1 });

const TIMES = each(['requestedStartDate', 'requestedCompletionDate'], time);
const TEXTS = each(['description', 'category', 'notificationContact'], text);
const PRIORITY = choice(['0', '1', '2', '3', '4']);
const STATES = ORDER_STATES.filter((state) => state !== 'draft');
const money = object({
  dutyFreeAmount: object({ unit: text, value: amount }),
  taxIncludedAmount: object({ unit: text, value: amount }),
});

const party4 = object({ id: text, role: text, '@referredType': text }, ['id', '@referredType']);
const named4 = object({ id: text, name: text }, ['id']);

const item4 = object(
  {
    id: text,
    action: choice(ITEM_ACTIONS),
    quantity: whole,
    state: choice(STATES.filter((state) => state !== 'partial')),
    productOffering: named4,
    product: object({
      id: text,
      productSpecification: named4,
      productCharacteristic: list({ ...object({ name: text }, ['name', 'value']) }),
      place: list(object({ role: text }, ['role'])),
      relatedParty: list(party4),
    }),
    itemPrice: list(object({ priceType: text, recurringChargePeriod: text, price: money })),
    productOrderItemRelationship: list(object({ id: text, relationshipType: text })),
  },
  ['id', 'action'],
);

const v4: Record<string, Schema> = {
  ...TEXTS,
  ...TIMES,
  priority: PRIORITY,
  externalId: text,
  note: list(object({ id: text, author: text, date: time, text }, ['text'])),
  channel: list(object({ id: text, role: text }, ['id'])),
  relatedParty: list(party4),
  productOrderItem: some(item4),
};

const party5 = typed({ role: text, partyOrPartyRole: typed({ id: text, '@referredType': text }, ['id']) }, [
  'role',
  'partyOrPartyRole',
]);
const named5 = typed({ id: text, name: text }, ['id']);
const product5 = {
  ...typed({
    '@type': choice(['Product', 'ProductRef']),
    id: text,
    productSpecification: named5,
    productCharacteristic: list(typed({ name: text }, ['name', 'value'])),
    place: list(typed({ role: text, place: typed({ id: text }) }, ['role', 'place'])),
    relatedParty: list(party5),
  }),
  if: { properties: { '@type': { const: 'ProductRef' } } },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
  then: { required: ['id'] },
};
const item5 = typed(
  {
    id: text,
    action: choice(ITEM_ACTIONS),
    quantity: whole,
    state: choice(STATES),
    productOffering: named5,
    product: product5,
    itemPrice: list(
      typed({ priceType: text, recurringChargePeriod: text, price: { ...money, required: ['@type'] } }, ['price', 'priceType']),
    ),
    productOrderItemRelationship: list(typed({ id: text, relationshipType: text }, ['id', 'relationshipType'])),
  },
  ['id', 'action'],
);

const v5: Record<string, Schema> = {
  ...TEXTS,
  ...TIMES,
  '@type': text,
  priority: PRIORITY,
  requestedInitialState: choice(['acknowledged', 'draft']),
  externalId: list(typed({ id: text, owner: text, externalIdentifierType: text }, ['id'])),
  note: list(typed({ id: text, author: text, date: time, text })),
  channel: list(typed({ role: text, channel: typed({ id: text, name: text }, ['id']) }, ['role', 'channel'])),
  relatedParty: list(party5),
  productOrderItem: some(item5),
};

/** ServiceNow requires more than the standard (Product Order Open API, POST /productOrder). */
const serviceNowItem = object(
  {
    id: { ...text, maxLength: 40 },
    action: choice(['add', 'change', 'delete', 'no-change', 'resume', 'suspend']),
    quantity: whole,
    productOffering: named4,
    product: object({ productSpecification: named4 }, ['productSpecification']),
    revisionOperation: choice(['cancel']),
  },
  ['id', 'action', 'productOffering', 'product'],
);
const servicenow: Record<string, Schema> = {
  ...TIMES,
  externalId: text,
  externalSystem: { ...text, pattern: '-TMF622$' },
  orderCurrency: text,
  note: list(object({ text }, ['text'])),
  channel: some(object({ id: text }, ['id'])),
  relatedParty: some(
    object({ id: text, '@referredType': choice(['Customer', 'Consumer', 'CustomerContact']) }, ['id', '@referredType']),
  ),
  productOrderItem: some(serviceNowItem),
};

const CREATE = {
  v4: compileSchema(object(v4, ['productOrderItem'])),
  v5: compileSchema(object(v5, ['@type', 'productOrderItem'])),
  servicenow: compileSchema(object(servicenow, ['channel', 'orderCurrency', 'relatedParty', 'productOrderItem'])),
};
const PATCH = {
  v4: compileSchema(object(v4)),
  v5: compileSchema(object(v5, ['@type'])),
  servicenow: compileSchema(object(servicenow)),
};

const key = (version: Version, profile: Profile) => (profile === 'servicenow' ? 'servicenow' : version);

/** What a provider would refuse in a create; empty when nothing. */
export function validateOrderCreate(version: Version, profile: Profile, body: unknown): Problem[] {
  return problemsOf(CREATE[key(version, profile)], body);
}

/** What a provider would refuse in a PATCH, including attributes that are not patchable. */
export function validateOrderPatch(version: Version, profile: Profile, body: Attributes): Problem[] {
  return patchProblems(PATCH[key(version, profile)], body, dialectOf(version, profile).notPatchable);
}
