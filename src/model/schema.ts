import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { ENTITIES, EVENTS, ITEM_ACTIONS, LEVELS, ORDER_STATES, PRIORITIES, SEVERITIES, STATES } from './message.js';
import type { Problem } from './problem.js';

const text = (description: string) => ({ type: 'string', description });
const time = (description: string) => ({ type: 'string', format: 'date-time', description });
const choice = (values: readonly string[], description: string) => ({ type: 'string', enum: values, description });
const object = (description: string, properties: Record<string, unknown>, required: string[] = []) => ({
  type: 'object',
  description,
  properties,
  required,
  additionalProperties: false,
});
const list = (description: string, items: unknown) => ({ type: 'array', description, items });

const party = (description: string) =>
  object(description, {
    id: text('Id at the source'),
    name: text('Name'),
    email: text('E-mail address'),
    phone: text('Telephone number'),
  });
const named = (description: string) => object(description, { id: text('Id at the source'), name: text('Name') });
const place = (description: string) =>
  object(description, {
    id: text('Id at the source'),
    name: text('Name'),
    street: text('Street and number'),
    postcode: text('Postcode'),
    city: text('City'),
    country: text('Country, ISO 3166'),
  });
const amount = (description: string) => ({ type: 'number', description });
const ITEM = object(
  'An item',
  {
    id: text('Chosen by the customer, whatever a vendor calls it'),
    action: choice(ITEM_ACTIONS, 'What is to be done'),
    quantity: amount('How many'),
    category: text('What kind of thing it is'),
    offering: named('The product offering'),
    specification: named('The product specification'),
    product: named('The product that is changed or taken away'),
    characteristics: { type: 'object', description: 'Its characteristics, by name' },
    requestedStartAt: time('When the customer wants it begun'),
    requestedCompletionAt: time('When the customer wants it done'),
    place: place('Where it is delivered or installed'),
    contact: party('Whom to ask there'),
    price: object('Its price', {
      oneTime: amount('Once'),
      recurring: amount('Again and again'),
      period: text('How often: month, year'),
      currency: text('Currency, ISO 4217'),
    }),
    reliesOn: list('Items of the same order that it builds on', { type: 'string' }),
    custom: { type: 'object', description: 'Anything a mapping of your own adds' },
  },
  ['id'],
);
const PROGRESS = object(
  'How an item stands',
  {
    id: text('Id of the item'),
    state: choice(ORDER_STATES, 'Where it stands'),
    stateReason: text('Why it stands there'),
    expectedCompletionAt: time('When the vendor expects it done'),
    vendor: text('The party that has it; set by roll-up'),
    vendorNumber: text('Number of the order there; set by roll-up'),
  },
  ['id'],
);
const affected = (description: string) =>
  object(description, { id: text('Id at the source'), name: text('Name'), type: text('service, ci, product or asset') });

/** JSON Schema 2020-12 of a generic message; docs/model.md is made from its descriptions. */
export const genericSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...object(
    'A message in the generic model',
    {
      entity: choice(ENTITIES, 'What kind of record it is about'),
      event: choice(EVENTS, 'What happened'),
      source: object(
        'Whose record it is',
        {
          endpoint: text('Id of the endpoint it came from'),
          entityType: text('Entity type at that endpoint'),
          id: { type: 'string', minLength: 1, description: 'Id of the record there' },
          number: text('Number people know it by'),
          url: text('Address where people see it'),
          version: text('The record’s own counter or time of change'),
          changedBy: text('Who changed it last'),
          changedAt: time('When it was changed last'),
          reference: text('Our reference, where the record carries it'),
        },
        ['endpoint', 'entityType', 'id'],
      ),
      fields: object('The values, translated', {
        title: text('One line that names the matter'),
        description: text('The matter in full'),
        state: choice(STATES, 'Where it stands; pending waits for the customer, held for anybody else'),
        stateReason: text('Why it stands there'),
        severity: choice(SEVERITIES, 'How bad it is for the customer'),
        impact: choice(LEVELS, 'How many are affected'),
        urgency: choice(LEVELS, 'How soon it must be fixed'),
        priority: choice(PRIORITIES, 'In which order it is worked on'),
        category: text('Category'),
        subcategory: text('Subcategory'),
        requester: party('Who asks'),
        assignee: party('Who works on it'),
        assignmentGroup: party('The group that works on it'),
        service: affected('The service affected'),
        ci: affected('The configuration item affected'),
        channel: text('How it came in: phone, email, portal, monitoring'),
        createdAt: time('When it was opened'),
        requestedResolutionAt: time('When the customer wants it solved'),
        expectedResolutionAt: time('When the provider expects it solved'),
        resolvedAt: time('When it was solved'),
        closedAt: time('When it was closed'),
        resolutionCode: text('Kind of solution'),
        resolution: text('The solution in words'),
        partnerNumber: text('Number of the counterpart’s ticket'),
        customer: party('Who the order is for'),
        contact: party('Whom to ask about the order'),
        place: place('Where the order is delivered'),
        requestedStartAt: time('When the customer wants the order begun'),
        requestedCompletionAt: time('When the customer wants the order done'),
        expectedCompletionAt: time('When the vendor expects the order done'),
        completedAt: time('When the order was done'),
        items: list('What is ordered', ITEM),
        progress: list('How the items stand', PROGRESS),
        custom: { type: 'object', description: 'Anything a mapping of your own adds' },
      }),
      changed: list('Names of the fields that changed; absent when nothing was compared', { type: 'string' }),
      comments: list(
        'What was said',
        object(
          'A comment',
          {
            id: text('Id at the source'),
            text: text('The words'),
            author: text('Who said it'),
            at: time('When'),
            items: list('Ids of the items of an order it is about; the text names them', { type: 'string' }),
            visibility: choice(['public', 'internal'], 'Internal ones stay at home unless a mapping says otherwise'),
            edits: text('Id of the comment that says this now'),
          },
          ['id', 'text', 'visibility'],
        ),
      ),
      removed: list(
        'Comments and files that are not there any more',
        object(
          'A part that was taken away',
          {
            kind: choice(['comment', 'attachment'], 'What it was'),
            id: text('Id at the source'),
            says: text('A file’s name, or a short comment’s words'),
          },
          ['kind', 'id'],
        ),
      ),
      attachments: list(
        'Files',
        object(
          'A file',
          {
            id: text('Id at the source'),
            name: text('File name'),
            mimeType: text('Media type'),
            size: { type: 'number', description: 'Bytes' },
            hash: text('SHA-256 in hex'),
            author: text('Who attached it'),
            at: time('When'),
            url: text('Where the source has it'),
          },
          ['id', 'name', 'mimeType'],
        ),
      ),
      relations: list(
        'Records it belongs with',
        object(
          'A relation',
          {
            type: choice(['parent', 'child', 'related', 'duplicate'], 'How it is related'),
            entityType: text('Entity type'),
            id: text('Id'),
            number: text('Number'),
          },
          ['type', 'id'],
        ),
      ),
    },
    ['entity', 'event', 'source', 'fields', 'comments', 'attachments', 'relations'],
  ),
};

const ajv = new Ajv2020({ allErrors: true });
addFormats.default(ajv);
const check = ajv.compile(genericSchema);

/** What is wrong with a generic message, in words; empty when nothing is. */
export function validateGeneric(message: unknown): Problem[] {
  return check(message) ? [] : (check.errors ?? []).map(problemOf);
}

/** One of ajv's errors as a problem for people. */
export function problemOf(error: ErrorObject): Problem {
  const path = error.instancePath.replace(/^\//, '').replaceAll('/', '.');
  const missing = error.keyword === 'required' ? String(error.params.missingProperty) : undefined;
  const field = [path, missing].filter(Boolean).join('.') || 'the body';
  const rule =
    error.keyword === 'required'
      ? 'is missing'
      : error.keyword === 'enum'
        ? `must be one of ${(error.params.allowedValues as string[]).join(', ')}`
        : error.keyword === 'additionalProperties'
          ? `may not have ${String(error.params.additionalProperty)}`
          : (error.message ?? 'is wrong');
  return { level: 'error', code: 'schema', field, text: `${field} ${rule}.` };
}
