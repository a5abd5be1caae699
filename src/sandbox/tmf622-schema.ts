import type { TmfRecord, Version } from './tmf-record.js';
import { statesOf } from './tmf622-states.js';

/**
 * The attributes of a resource or a part of it: `attribute`, with `*` if required, `:kind` if it is not text, `[]` for a list,
 * `[+]` for a non-empty list. A kind is one of KINDS or another shape. Unknown attributes are accepted: content is open in both
 * versions.
 */
type Shapes = Record<string, string>;

const KINDS: Record<string, (value: unknown) => boolean> = {
  text: (v) => typeof v === 'string',
  date: (v) => typeof v === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(v),
  int: Number.isInteger,
  number: (v) => typeof v === 'number',
  bool: (v) => typeof v === 'boolean',
  object: (v) => typeof v === 'object' && v !== null && !Array.isArray(v),
  any: (v) => v !== undefined && v !== null,
  action: oneOf('add', 'modify', 'delete', 'noChange'),
  initialState: oneOf('acknowledged', 'draft'),
  itemState4: oneOf(...statesOf('v4', 'item')),
  itemState5: oneOf(...statesOf('v5', 'item')),
  state4: oneOf(...statesOf('v4', 'order')),
  state5: oneOf(...statesOf('v5', 'order')),
  // The definitions contain "aborted " with a space.
  productStatus: oneOf(
    ...['created', 'pendingActive', 'cancelled', 'active', 'pendingTerminate', 'terminated', 'suspended', 'aborted', 'aborted '],
  ),
};

function oneOf(...words: string[]): (value: unknown) => boolean {
  return (value) => words.includes(String(value));
}

const BOTH: Shapes = {
  Ref: 'id* href name @referredType',
  Money: 'unit value:number',
  Price: 'dutyFreeAmount:Money taxIncludedAmount:Money taxRate:number percentage:number',
};

const V4: Shapes = {
  ...BOTH,
  Order: `cancellationDate:date cancellationReason category description externalId notificationContact priority requestedCompletionDate:date
    requestedStartDate:date agreement:Ref[] billingAccount:Ref channel:Channel[] note:Note[] orderTotalPrice:OrderPrice[] payment:Ref[]
    productOfferingQualification:Ref[] quote:Ref[] relatedParty:Party[]`,
  Create: 'productOrderItem*:Item[+]',
  Update: 'productOrderItem:Item[] state:state4 completionDate:date expectedCompletionDate:date',
  Item: `id* action*:action quantity:int state:itemState4 appointment:Ref billingAccount:Ref itemPrice:OrderPrice[] itemTotalPrice:OrderPrice[]
    payment:Ref[] product:Product productOffering:Ref productOfferingQualificationItem:QualificationItem productOrderItem:Item[]
    productOrderItemRelationship:Relationship[] qualification:Ref[] quoteItem:QuoteItem`,
  Channel: 'id* role name href',
  Relationship: 'id relationshipType',
  QualificationItem: 'id* productOfferingQualificationId*',
  QuoteItem: 'id* quoteId*',
  Party: 'id* @referredType* role name href',
  Note: 'text* id author date:date',
  OrderPrice: 'name priceType recurringChargePeriod unitOfMeasure price:Price priceAlteration:Alteration[] billingAccount:Ref',
  Alteration: 'priceType* price*:Price applicationDuration:int priority:int',
  Product: `id href name description isBundle:bool isCustomerVisible:bool orderDate:date startDate:date terminationDate:date
    agreement:Ref[] billingAccount:Ref place:Place[] product:Product[] productCharacteristic:Characteristic[] productOffering:Ref
    productOrderItem:OrderItem[] productPrice:ProductPrice[] productRelationship:ProductRelationship[] productSpecification:Ref
    realizingResource:Ref[] realizingService:Ref[] relatedParty:Party[] status:productStatus`,
  Place: 'role* id href name',
  Characteristic: 'name* value*:any valueType',
  OrderItem: 'orderItemId* productOrderId*',
  ProductPrice: 'priceType* price*:Price',
  ProductRelationship: 'relationshipType* product*:Product',
  CancelCreate: 'productOrder*:Ref cancellationReason requestedCancellationDate:date',
};

const V5: Shapes = {
  ...BOTH,
  Order: `category description notificationContact priority requestedCompletionDate:date requestedStartDate:date agreement:Ref[]
    billingAccount:Ref channel:Channel[] externalId:ExternalIdentifier[] note:Note[] orderTotalPrice:OrderPrice[] payment:Ref[]
    orderRelationship:Relationship[] productOfferingQualification:Ref[] quote:Ref[] relatedParty:Party[]
    productOrderErrorMessage:ErrorMessage[] productOrderJeopardyAlert:JeopardyAlert[] productOrderMilestone:Milestone[]`,
  Create: 'productOrderItem*:Item[+] requestedInitialState:initialState',
  Update: `productOrderItem:ChangedItem[] state:state5 cancellationDate:date cancellationReason completionDate:date
    expectedCompletionDate:date`,
  Item: 'id* action*:action &ItemRest',
  ChangedItem: 'id* action:action &ItemRest',
  ItemRest: `quantity:int state:itemState5 note:Note[] appointment:Ref billingAccount:Ref itemPrice:OrderPrice[] itemTotalPrice:OrderPrice[]
    payment:Ref[] product:ProductRefOrValue productOffering:Ref productOfferingQualificationItem:QualificationItem
    productOrderItem:Item[] productOrderItemRelationship:Relationship[] qualification:Ref[] quoteItem:QuoteItem`,
  QualificationItem: 'itemId* productOfferingQualificationId*',
  QuoteItem: 'quoteItemId* quoteId*',
  Relationship: 'id* relationshipType*',
  ExternalIdentifier: 'id* owner externalIdentifierType',
  Channel: 'role* channel*:Ref',
  Party: 'role* partyOrPartyRole:PartyRef',
  PartyOrRole: 'role* partyOrPartyRole:PartyOrPartyRole',
  Typed: '',
  Note: 'id author date:date text',
  OrderPrice: 'priceType* price*:Price name recurringChargePeriod unitOfMeasure priceAlteration:Alteration[] billingAccount:Ref',
  Alteration: 'priceType* price*:Price applicationDuration:int priority:int',
  Product: `id name description isBundle:bool isCustomerVisible:bool creationDate:date orderDate:date startDate:date terminationDate:date
    agreementItem:AgreementItem[] billingAccount:Ref place:Place[] product:ProductRefOrValue[] productCharacteristic:Characteristic[]
    productOffering:Ref productOrderItem:OrderItem[] productPrice:OrderPrice[] productRelationship:Relationship[] productSpecification:Ref
    realizingResource:Ref[] realizingService:Ref[] relatedParty:PartyOrRole[] status:productStatus`,
  AgreementItem: 'agreementId* agreementItemId*',
  Place: 'role* place*:PlaceRefOrValue',
  Characteristic: 'name* id valueType',
  OrderItem: 'role* orderId* orderItemId* orderItemAction:action',
  ErrorMessage: 'code reason message status referenceError timestamp:date productOrderItem:ItemRef[]',
  JeopardyAlert: 'id name alertDate:date jeopardyType exception message productOrderItem:ItemRef[]',
  Milestone: 'id name description message milestoneDate:date status productOrderItem:ItemRef[]',
  ItemRef: 'productOrderId* productOrderItemId*',
  CancelCreate: 'productOrder*:Ref cancellationReason requestedCancellationDate:date',
  ...characteristics(),
};

/** The type of a characteristic determines the type of its value. */
function characteristics(): Shapes {
  const kinds = { String: 'text', Number: 'number', Integer: 'int', Float: 'number', Boolean: 'bool', Object: 'object' };
  return Object.fromEntries(
    Object.entries(kinds).flatMap(([type, kind]) => [
      [`${type}Characteristic`, `name* value*:${kind} id valueType`],
      [`${type}ArrayCharacteristic`, `name* value*:${kind}[] id valueType`],
    ]),
  );
}

/** v5: objects whose shape depends on `@type`. */
const UNIONS: Record<string, Record<string, string>> = {
  ProductRefOrValue: { Product: 'Product', ProductRef: 'Ref' },
  PartyRef: { PartyRef: 'Ref', PartyRoleRef: 'Ref' },
  PartyOrPartyRole: {
    ...{ PartyRef: 'Ref', PartyRoleRef: 'Ref' },
    ...Object.fromEntries(
      ['Individual', 'Organization', 'PartyRole', 'Supplier', 'BusinessPartner', 'Consumer', 'Producer'].map((n) => [n, 'Typed']),
    ),
  },
  PlaceRefOrValue: { PlaceRef: 'Ref', GeographicAddress: 'Typed', GeographicSite: 'Typed', GeographicLocation: 'Typed' },
  Characteristic: { Characteristic: 'Characteristic', ...Object.fromEntries(Object.keys(characteristics()).map((n) => [n, n])) },
};
/** v5: objects without `@type`. */
const UNTYPED = new Set(['Money']);

interface Attribute {
  name: string;
  required: boolean;
  kind: string;
  list: '' | '[]' | '[+]';
}

const PARSED: Record<Version, Record<string, Attribute[]>> = { v4: parsed(V4), v5: parsed(V5) };

function parsed(shapes: Shapes): Record<string, Attribute[]> {
  const parse = (text: string): Attribute[] =>
    text
      .split(/\s+/)
      .filter(Boolean)
      .flatMap((word) => {
        if (word.startsWith('&')) return parse(shapes[word.slice(1)] ?? '');
        const [, name = '', star, kind = 'text', list = ''] = /^([^*:]+)(\*?)(?::(\w+)(\[\+?\])?)?$/.exec(word) ?? [];
        return [{ name, required: star === '*', kind, list: list as Attribute['list'] }];
      });
  return Object.fromEntries(Object.entries(shapes).map(([shape, text]) => [shape, parse(text)]));
}

/** Violations of the API definition, as text; empty if there are none. */
export function problems(version: Version, shapes: string[], value: TmfRecord): string[] {
  return shapes.flatMap((shape, index) => violations(version, shape, value, '', index === 0));
}

function violations(version: Version, shape: string, value: unknown, path: string, first = true): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} must be an object.`];
  const record = value as TmfRecord;
  const at = (name: string) => (path ? `${path}.${name}` : name);
  if (version === 'v5' && first && !UNTYPED.has(shape) && !KINDS.text?.(record['@type'])) return [`${at('@type')} is required.`];
  const union = version === 'v5' ? UNIONS[shape] : undefined;
  const chosen = union ? union[String(record['@type'])] : shape;
  if (chosen === undefined) return [`${at('@type')} must be ${Object.keys(union ?? {}).join(' or ')}.`];
  return (PARSED[version][chosen] ?? []).flatMap(({ name, required, kind, list }) => {
    const given = record[name];
    if (given === undefined || given === null || given === '') return required ? [`${at(name)} is required.`] : [];
    if (!list) return kindViolations(version, kind, given, at(name));
    if (!Array.isArray(given)) return [`${at(name)} must be a list.`];
    if (list === '[+]' && given.length === 0) return [`${at(name)} must not be empty.`];
    return given.flatMap((entry, index) => kindViolations(version, kind, entry, `${at(name)}[${index}]`));
  });
}

function kindViolations(version: Version, kind: string, value: unknown, path: string): string[] {
  const check = KINDS[kind];
  if (!check) return violations(version, kind, value, path);
  return check(value) ? [] : [`${path}: ${JSON.stringify(value)} is not a valid ${kind.replace(/\d$/, '')}.`];
}
