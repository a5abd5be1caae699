import { ENTITIES, EVENTS, ITEM_ACTIONS, LEVELS, ORDER_STATES, PRIORITIES, SEVERITIES, STATES } from './message.js';

/* The schema as data, for the editor too; schema.ts checks messages against it. */

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
    id: text('Chosen by the customer; a vendor may use another id'),
    action: choice(ITEM_ACTIONS, 'What to do with the item'),
    quantity: amount('Quantity'),
    category: text('Kind of product'),
    offering: named('The product offering'),
    specification: named('The product specification'),
    product: named('The existing product that is changed or removed'),
    characteristics: { type: 'object', description: 'Characteristics, by name' },
    requestedStartAt: time('Start requested by the customer'),
    requestedCompletionAt: time('Completion requested by the customer'),
    place: place('Place of delivery or installation'),
    contact: party('Contact at that place'),
    price: object('Price', {
      oneTime: amount('One-time price, without tax'),
      recurring: amount('Recurring price, without tax'),
      oneTimeWithTax: amount('One-time price, with tax'),
      recurringWithTax: amount('Recurring price, with tax'),
      period: text('Period of the recurring price: month, year'),
      currency: text('Currency, ISO 4217'),
      other: list('Further amounts in words: usage, other currencies', { type: 'string' }),
    }),
    reliesOn: list('Items of the same order that this item depends on', { type: 'string' }),
    custom: { type: 'object', description: 'Fields added by your own mapping' },
  },
  ['id'],
);
const PROGRESS = object(
  'Status of an item',
  {
    id: text('Id of the item'),
    state: choice(ORDER_STATES, 'State'),
    stateReason: text('Reason for the state'),
    expectedCompletionAt: time('Completion expected by the vendor'),
    vendor: text('Vendor of the item; set by roll-up'),
    vendorNumber: text('Number of the vendor’s order; set by roll-up'),
  },
  ['id'],
);
const affected = (description: string) =>
  object(description, { id: text('Id at the source'), name: text('Name'), type: text('service, ci, product or asset') });

/** JSON Schema 2020-12 of a generic message; docs/model.md is generated from its descriptions. */
export const genericSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...object(
    'A message in the generic model',
    {
      entity: choice(ENTITIES, 'Kind of record'),
      event: choice(EVENTS, 'What happened'),
      source: object(
        'The record that the message is about',
        {
          endpoint: text('Id of the endpoint that sent the message'),
          entityType: text('Entity type at that endpoint'),
          id: { type: 'string', minLength: 1, description: 'Id of the record there' },
          number: text('Number that people use for the record'),
          url: text('Web address of the record for people'),
          version: text('The record’s own counter or time of change'),
          changedBy: text('User who changed it last'),
          changedAt: time('Time of the last change'),
          reference: text('Our reference, where the record carries it'),
        },
        ['endpoint', 'entityType', 'id'],
      ),
      fields: object('The translated values', {
        title: text('Short description, one line'),
        description: text('Full description'),
        state: choice(STATES, 'State; pending waits for the customer, held for anyone else'),
        stateReason: text('Reason for the state'),
        severity: choice(SEVERITIES, 'Severity for the customer'),
        impact: choice(LEVELS, 'Impact: how many are affected'),
        urgency: choice(LEVELS, 'Urgency: how soon it must be fixed'),
        priority: choice(PRIORITIES, 'Priority: the order in which it is worked on'),
        category: text('Category'),
        subcategory: text('Subcategory'),
        requester: party('Person who reported or requested it'),
        assignee: party('Person who works on it'),
        assignmentGroup: party('Group that works on it'),
        service: affected('Affected service'),
        ci: affected('Affected configuration item'),
        channel: text('How it was reported: phone, email, portal, monitoring'),
        createdAt: time('Time of creation'),
        requestedResolutionAt: time('Resolution requested by the customer'),
        expectedResolutionAt: time('Resolution expected by the provider'),
        resolvedAt: time('Time of resolution'),
        closedAt: time('Time of closure'),
        resolutionCode: text('Kind of resolution'),
        resolution: text('Description of the resolution'),
        partnerNumber: text('Number of the partner’s ticket'),
        customer: party('Party that the order is for'),
        contact: party('Contact for the order'),
        place: place('Place of delivery'),
        requestedStartAt: time('Start of the order requested by the customer'),
        requestedCompletionAt: time('Completion of the order requested by the customer'),
        expectedCompletionAt: time('Completion of the order expected by the vendor'),
        completedAt: time('Time of completion of the order'),
        items: list('Ordered items', ITEM),
        progress: list('Status of the items', PROGRESS),
        custom: { type: 'object', description: 'Fields added by your own mapping' },
      }),
      changed: list('Names of the changed fields; absent when nothing was compared', { type: 'string' }),
      comments: list(
        'Comments',
        object(
          'A comment',
          {
            id: text('Id at the source'),
            text: text('Text'),
            author: text('Author'),
            at: time('Time'),
            items: list('Ids of the order items that it is about; the text names them too', { type: 'string' }),
            visibility: choice(['public', 'internal'], 'Internal comments are not sent unless a mapping says otherwise'),
            edits: text('Id under which the comment was sent before; this is its new text'),
          },
          ['id', 'text', 'visibility'],
        ),
      ),
      removed: list(
        'Comments and files that no longer exist',
        object(
          'A removed comment or file',
          {
            kind: choice(['comment', 'attachment'], 'Comment or file'),
            id: text('Id at the source'),
            says: text('A file’s name, or a short comment’s text'),
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
            author: text('User who attached it'),
            at: time('Time'),
            url: text('URL of the content at the source'),
          },
          ['id', 'name', 'mimeType'],
        ),
      ),
      relations: list(
        'Related records',
        object(
          'A relation',
          {
            type: choice(['parent', 'child', 'related', 'duplicate'], 'Kind of relation'),
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
