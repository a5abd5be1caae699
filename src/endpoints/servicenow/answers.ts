import { errorWords } from '../../http/error-text.js';
import type { HttpClient } from '../../http/http.js';
import { say } from '../../text/say.js';
import { Api } from '../api.js';
import { type AnswerShape, isObject } from '../evidence.js';

/**
 * Answers of the platform (ServiceNow, REST API): `{result}`, and beside or instead of it `{error: {message, detail}, status:
 * 'failure'}`.
 */
const SHAPE: AnswerShape = {
  envelope: 'result',
  id: 'sys_id',
  failure: ({ error, status }) => {
    if (!error && status !== 'failure') return undefined;
    return errorWords({ error }) ?? say`status failure`;
  },
  isOwnError: ({ error }) => isObject(error) && typeof error.message === 'string',
};

export function serviceNowApi(http: HttpClient): Api {
  return new Api(http, SHAPE);
}
