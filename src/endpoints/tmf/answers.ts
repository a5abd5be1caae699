import type { HttpClient } from '../../http/http.js';
import { Api } from '../api.js';
import { type Answered, type AnswerShape, isObject } from '../evidence.js';
import { textOf } from './attributes.js';

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

/** A 404 that is an empty list, in the words of the standard. A wrong path, a gateway and a framework say less. */
export function isEmptyList(body: Answered): boolean {
  return body.code !== undefined && typeof body.reason === 'string';
}

/** The same in ServiceNow's words, which answers each empty list so. */
export function isEmptyServiceNowList({ error }: Answered): boolean {
  return isObject(error) && typeof error.message === 'string';
}
