import { randomBytes, randomUUID } from 'node:crypto';
import { type ApiTraits, referencesIn } from './behaviour-handlers.js';
import type { RequestKind } from './behaviours.js';
import type { Request } from './exchange.js';
import type { ServiceNowDesk } from './servicenow.js';
import { errorBody } from './servicenow-errors.js';
import { TABLES } from './servicenow-tables.js';
import { tmfError } from './tmf-api.js';
import type { TmfRecord, Version } from './tmf-record.js';

/* The properties of each partner's API that behaviours depend on. */

const FAILURE = errorBody(500, 'Transaction cancelled: maximum execution time exceeded') as object;
const SERVICENOW_ERRORS = { alone: FAILURE, beside: { result: [], ...FAILURE } };
/** Paths of a list of records, or of one record by its id. */
const RECORDS = /^\/api\/(?:now\/(?:v\d\/)?table\/\w+|sn_ind_tmt_orm\/order)(\/\w+)?$/;
const ATTACHMENTS = /^\/api\/now\/(?:v\d\/)?attachment(\/[0-9a-f]{32})?$/;
/** Paths that create a record but are not its resource path. */
const CREATES = /^\/api\/(now\/(v\d\/)?attachment\/file|sn_sc\/servicecatalog\/.*\/(order_now|submit_order))$/;
const TRY_LATER = { code: '60', reason: 'try later' };

/** The kind of request by its method, for the path of a list or of one record. */
function byMethod(method: string, one: boolean): RequestKind | undefined {
  if (method === 'GET') return one ? 'read' : 'list';
  if (one) return method === 'PATCH' || method === 'PUT' ? 'change' : undefined;
  return method === 'POST' ? 'create' : undefined;
}

/** Table, Attachment, Order and Service Catalog API of a ServiceNow instance. */
export function serviceNowTraits(desk: ServiceNowDesk): ApiTraits {
  return {
    kindOf: ({ method, path }) => {
      const known = RECORDS.exec(path) ?? ATTACHMENTS.exec(path);
      if (known) return byMethod(method, known[1] !== undefined);
      return method === 'POST' && CREATES.test(path) ? 'create' : undefined;
    },
    errors: SERVICENOW_ERRORS,
    errorBody,
    recordFrom: (fields) => ({
      result: { ...fields, sys_id: randomBytes(16).toString('hex'), sys_updated_on: '2026-01-01 00:00:00' },
    }),
    hasReference: (references) =>
      Object.keys(TABLES).some((table) => (desk.indexed(table, 'correlation_id', references) ?? []).length > 0),
  };
}

/** ServiceNow's own TMF621. */
export function csmTraits(desk: ServiceNowDesk, root: string): ApiTraits {
  return {
    kindOf: below(root.slice(0, root.lastIndexOf('/'))),
    errors: SERVICENOW_ERRORS,
    errorBody,
    recordFrom,
    hasReference: (references) =>
      ['incident', 'sn_customerservice_case']
        .flatMap((table) => desk.rows(table))
        .some((row) => referencesIn(row).some((reference) => references.includes(reference))),
    emptyList: () => ({ status: 404, body: errorBody(404, 'No records match the query') }),
  };
}

/** A TMF API below its root. */
export function tmfTraits(version: Version, root: string, records: () => TmfRecord[]): ApiTraits {
  return {
    kindOf: below(root),
    errors: { alone: TRY_LATER, beside: { ...TRY_LATER, items: [] } },
    errorBody: tmfError(version),
    recordFrom,
    hasReference: (references) =>
      records().some((record) => referencesIn(record).some((reference) => references.includes(reference))),
  };
}

/** The token endpoint, which has no behaviours. */
export const tokenTraits: ApiTraits = {
  kindOf: () => undefined,
  errors: { alone: TRY_LATER, beside: TRY_LATER },
  errorBody: tmfError('v4'),
  recordFrom,
  hasReference: () => false,
};

function recordFrom(fields: Record<string, unknown>): Record<string, unknown> {
  return { ...fields, id: randomUUID(), status: 'acknowledged', state: 'acknowledged' };
}

/** The kind of request by the path below an API's root: a resource name is a list, with an id it is one record. */
export function below(root: string): (request: Pick<Request, 'method' | 'path'>) => RequestKind | undefined {
  return ({ method, path }) => {
    const [name, ...ids] = path.startsWith(`${root}/`)
      ? path
          .slice(root.length + 1)
          .split('/')
          .filter(Boolean)
      : [];
    if (!name || name === 'hub' || ids.length > 1) return undefined;
    const kind = byMethod(method, ids.length === 1);
    return kind === 'create' && name === 'cancelProductOrder' ? 'cancel' : kind;
  };
}
