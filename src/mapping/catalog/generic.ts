import { genericSchema } from '../../model/generic-schema.js';
import { type GenericMessage, type Json, ORDER_STATES, TICKET_STATES } from '../../model/message.js';
import { exampleOf } from './catalog.js';
import type { Catalog, CatalogField, FieldType } from './field.js';

interface Schema {
  type?: string;
  format?: string;
  description?: string;
  enum?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

/** What the values of generic fields may look like, for samples. */
const EXAMPLES: Record<string, Json> = {
  entity: 'incident',
  'source.number': 'INC0010023',
  title: 'Line down in Hamburg',
  description: 'No signal since 08:15, both routers.',
  state: 'inProgress',
  severity: 'major',
  impact: 'medium',
  urgency: 'high',
  priority: 'high',
  category: 'network',
  'requester.id': 'c-1001',
  'requester.name': 'Ada Lovelace',
  'service.id': 'svc-77',
  'ci.id': 'router-12',
  channel: 'monitoring',
  createdAt: '2026-03-02T08:20:11.000Z',
  requestedResolutionAt: '2026-03-03T17:00:00.000Z',
};
const ORDER_EXAMPLES: Record<string, Json> = {
  'source.number': 'ORD0001001',
  title: 'New site in Hamburg',
  description: 'A line for the new office, with a router.',
  category: 'B2B',
  'customer.id': 'c-1001',
  'customer.name': 'Acme GmbH',
  'place.city': 'Hamburg',
  requestedStartAt: '2026-03-10T08:00:00.000Z',
  requestedCompletionAt: '2026-03-20T17:00:00.000Z',
};
const ITEM_EXAMPLES: Record<string, Json> = {
  id: '1',
  action: 'add',
  quantity: 1,
  'offering.id': '14277',
  'offering.name': 'Fibre 1000',
  'specification.id': 'fibre',
  state: 'acknowledged',
};

const properties = (schema: unknown): Record<string, Schema> => (schema as Schema).properties ?? {};
const message = properties(genericSchema);
const fields = properties(message.fields);
const { items = {}, progress = {}, ...plain } = fields;

/** Of these a rule may read on the way out, beside the fields. */
const HEADING: Record<string, Schema> = {
  entity: message.entity ?? {},
  'source.number': properties(message.source).number ?? {},
};

/** Orders and requests have the states of orders. */
const isOrder = (entityType: string) => /order|^request$/i.test(entityType);

/** The generic model as a catalogue, made from its schema; of an entity type, for its states and examples. */
export function genericCatalog(entityType: string): Catalog & { items: NonNullable<Catalog['items']> } {
  const examples = isOrder(entityType) ? { ...EXAMPLES, ...ORDER_EXAMPLES, entity: 'order' } : EXAMPLES;
  const states = (isOrder(entityType) ? ORDER_STATES : TICKET_STATES).map((value) => ({ value }));
  const withStates = (field: CatalogField) => (field.path === 'state' ? { ...field, values: states } : field);
  const heading = flatten(HEADING, examples).map((field) => ({ ...field, readOnly: true }));
  return {
    fields: [...flatten(plain, examples).map(withStates), ...heading],
    items: {
      field: 'items',
      fields: flatten({ ...properties(items.items), ...properties(progress.items) }, ITEM_EXAMPLES),
    },
  };
}

/** A generic message made of the examples. */
export function genericExample(entityType: string): GenericMessage {
  const { fields, items } = genericCatalog(entityType);
  const { entity, source, ...rest } = exampleOf(fields) as Record<string, Json> & { source?: Record<string, Json> };
  const { state, ...item } = exampleOf(items.fields);
  return genericMessage({
    entity: entity as GenericMessage['entity'],
    source: { endpoint: 'sample', entityType, id: 'sample', ...source },
    fields: {
      ...rest,
      ...(isOrder(entityType) && { items: [item], progress: [{ id: item.id, state }] }),
    } as GenericMessage['fields'],
  });
}

/** A whole message around the parts that are given. */
export function genericMessage(given: Partial<GenericMessage>): GenericMessage {
  return {
    entity: 'incident',
    event: 'updated',
    source: { endpoint: 'sample', entityType: 'sample', id: 'sample' },
    fields: {},
    comments: [],
    attachments: [],
    relations: [],
    ...given,
  };
}

function flatten(schemas: Record<string, Schema>, examples: Record<string, Json>, before = ''): CatalogField[] {
  return Object.entries(schemas).flatMap(([name, schema]) => {
    const path = `${before}${name}`;
    if (schema.properties) {
      const inner = flatten(schema.properties, examples, `${path}.`);
      return inner.map((field) => ({ ...field, description: `${schema.description}: ${lower(field.description)}` }));
    }
    return [
      {
        path,
        type: typeOf(schema),
        description: schema.description ?? '',
        ...(schema.enum && { values: schema.enum.map((value) => ({ value })) }),
        ...(examples[path] !== undefined && { example: examples[path] }),
      },
    ];
  });
}

function typeOf({ type, format }: Schema): FieldType {
  if (format === 'date-time') return 'time';
  if (type === 'array') return 'list';
  return type === 'number' || type === 'object' || type === 'boolean' ? type : 'text';
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
