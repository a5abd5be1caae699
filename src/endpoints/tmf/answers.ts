import type { HttpClient } from '../../http/http.js';
import { Api, type ListExpectations } from '../api.js';
import { type AnswerShape, isObject, type PartnerRecord } from '../evidence.js';
import { textOf } from './attributes.js';
import type { TmfDialect } from './dialect.js';

/** Attributes by which an object is an error, unless it has an id (TMF630, Error; ServiceNow; OAuth; gateways). */
const ERROR_ATTRIBUTES = ['code', 'reason', 'error', 'errors', 'fault'];

/** Answers of a TM Forum API (TMF630): a resource, a list of them, or an Error. */
const SHAPE: AnswerShape = {
  id: 'id',
  failure: (body) => {
    const isError = body['@type'] === 'Error' || (body.id === undefined && ERROR_ATTRIBUTES.some((name) => name in body));
    if (!isError) return undefined;
    const inner = isObject(body.error) ? body.error : body;
    const words = [inner.reason, inner.message, inner.code].map((word) => textOf(word as never)).filter(Boolean);
    return words.join(', ') || 'an error object';
  },
  // TMF630 has code and reason; ServiceNow {error: {message}}; Spring, in which many are written, {status, error, path}.
  isOwnError: (body) => 'reason' in body || 'code' in body || 'error' in body,
};

export function tmfApi(http: HttpClient): Api {
  return new Api(http, SHAPE);
}

/** Which 404 of its lists is an empty one: ServiceNow answers each so. Of any other provider it may speak of the way there. */
export function emptyListOf({ hub }: Pick<TmfDialect, 'hub'>): ListExpectations['absent'] {
  return hub ? undefined : isEmptyServiceNowList;
}

function isEmptyServiceNowList({ error }: PartnerRecord): boolean {
  return isObject(error) && typeof error.message === 'string';
}
