import { type Attributes, textOf } from '../tmf/attributes.js';
import { type Profile, type TmfDialect, V4_PATCH, V5_PATCH, type Version } from '../tmf/dialect.js';
import { identifiersWith, ourReferenceIn } from '../tmf/reference.js';

/**
 * How the cancellation of an order is requested: by a task (cancelProductOrder), by the order's state in a PATCH, by deleting the
 * order, or by a note, where a person at the provider cancels.
 */
export type CancelBy = 'request' | 'state' | 'delete' | 'note';

/**
 * The differences between the versions of TMF622 and ServiceNow's own form of it (TMF622 v4.0.0, v5.0.0; ServiceNow, Product
 * Order Open API).
 */
export interface Dialect extends TmfDialect {
  /** The path for cancellation requests, relative to the API's path. */
  cancelPath: string;
  /** Whether a cancellation task can be read back. */
  cancelReadable: boolean;
  /** How an order is cancelled, unless the endpoint says otherwise. */
  cancelBy: CancelBy;
  /** How an item is cancelled in a PATCH: by its state, or by ServiceNow's revisionOperation. */
  itemCancel: 'state' | 'revision';
  /** How externalId holds our reference: as a text, or in a list of identifiers. */
  reference: 'text' | 'list';
  /** The filter that finds the order with our reference. */
  filter: string;
}

/** Cancellation is requested (cancelProductOrder), never written. */
const CANCELLATION = ['cancellationDate', 'cancellationReason'];

const V4: Dialect = {
  apiPath: '/tmf-api/productOrderingManagement/v4',
  // ProductOrder_Create
  notCreatable: new Set(['id', 'href', 'orderDate', 'state', 'completionDate', 'expectedCompletionDate', ...CANCELLATION]),
  // ProductOrder_Update
  notPatchable: new Set(['id', 'href', 'orderDate', '@type', '@baseType', '@schemaLocation', ...CANCELLATION]),
  patchType: V4_PATCH,
  typed: false,
  hub: true,
  note: 'full',
  cancelPath: 'cancelProductOrder',
  cancelReadable: true,
  cancelBy: 'request',
  itemCancel: 'state',
  reference: 'text',
  filter: 'externalId',
};

const DIALECTS: Record<Version | 'servicenow', Dialect> = {
  v4: V4,
  v5: {
    ...V4,
    apiPath: '/tmf-api/productOrderingManagement/v5',
    // ProductOrder_FVO
    notCreatable: new Set([...V4.notCreatable, 'creationDate']),
    // ProductOrder_MVO
    notPatchable: new Set([
      'id',
      'href',
      'creationDate',
      'requestedInitialState',
      '@baseType',
      '@schemaLocation',
      ...CANCELLATION,
    ]),
    patchType: V5_PATCH,
    typed: true,
    reference: 'list',
    filter: 'externalId.id',
  },
  servicenow: {
    ...V4,
    apiPath: '/api/sn_ind_tmt_orm/order',
    patchType: 'application/json',
    hub: false,
    note: 'text',
    cancelPath: '../cancelproductorder',
    cancelReadable: false,
    // Product Order Open API, productOrderItem.revisionOperation: only `cancel` is accepted.
    itemCancel: 'revision',
  },
};

export function dialectOf(version: Version, profile: Profile): Dialect {
  return DIALECTS[profile === 'servicenow' ? 'servicenow' : version];
}

/** Our reference in an order. */
export function referenceOf(order: Attributes): string | undefined {
  return ourReferenceIn(order.externalId);
}

/** The attributes of a create that carry our reference. */
export function withReference(fields: Attributes, reference: string, dialect: Dialect): Attributes {
  if (dialect.reference === 'list') return { ...fields, externalId: identifiersWith(reference, fields.externalId) };
  // ServiceNow accepts an externalId only from a system with such a name.
  const system = dialect.note === 'text' && { externalSystem: textOf(fields.externalSystem) ?? 'Switchboard-TMF622' };
  return { ...fields, externalId: reference, ...system };
}
