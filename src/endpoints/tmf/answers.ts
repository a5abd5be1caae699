import { errorWords } from '../../http/error-text.js';
import type { HttpClient } from '../../http/http.js';
import { say } from '../../text/say.js';
import { Api, type ListExpectations } from '../api.js';
import { type AnswerShape, isObject, type PartnerRecord } from '../evidence.js';
import type { TmfDialect } from './dialect.js';

/** Attributes that mark an object without an id as an error (TMF630, Error; ServiceNow; OAuth; gateways). */
const ERROR_ATTRIBUTES = ['code', 'reason', 'error', 'errors', 'fault'];

/** Answers of a TM Forum API (TMF630): a resource, a list of them, or an Error. */
const SHAPE: AnswerShape = {
  id: 'id',
  failure: (body) => {
    const isError = body['@type'] === 'Error' || (body.id === undefined && ERROR_ATTRIBUTES.some((name) => name in body));
    if (!isError) return undefined;
    return errorWords(body) ?? say`an error object`;
  },
  // TMF630 has code and reason; ServiceNow {error: {message}}; Spring, which many providers use, {status, error, path}.
  isOwnError: (body) => 'reason' in body || 'code' in body || 'error' in body,
};

export function tmfApi(http: HttpClient): Api {
  return new Api(http, SHAPE);
}

/**
 * Whether a 404 for a list means an empty list: ServiceNow answers every empty list so. From any other provider it may be about
 * the URL.
 */
export function emptyListOf({ hub }: Pick<TmfDialect, 'hub'>): ListExpectations['absent'] {
  return hub ? undefined : isEmptyServiceNowList;
}

function isEmptyServiceNowList({ error }: PartnerRecord): boolean {
  return isObject(error) && typeof error.message === 'string';
}
