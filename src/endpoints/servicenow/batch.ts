import type { Readable } from 'node:stream';
import { ANSWER_JSON } from '../../budgets.js';
import { PartnerError } from '../../errors.js';
import { jsonIn } from '../../http/answer-json.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../http/http.js';
import { JsonAllowance } from '../../json-shape.js';
import { say } from '../../text/say.js';
import { isObject } from '../evidence.js';

/** Requests per batch: an instance ends a batch after 30 s (ServiceNow, Batch API), and answers its requests one after the other. */
const MOST = 20;
/** Statuses that mean that the instance has no Batch API, or not for our user. */
const UNSUPPORTED = new Set([400, 401, 403, 404, 405, 415, 501]);

interface Waiting {
  request: HttpRequest;
  resolve: (answer: HttpAnswer<never>) => void;
  reject: (error: unknown) => void;
}

/**
 * Sends reads that are requested at the same time as one request (ServiceNow, Batch API: POST /api/now/v1/batch), because instances
 * count requests. A read whose part of the answer is anything but a plain success is requested again by itself, so that errors are
 * those of a single request. Where the instance has no Batch API, all are.
 */
export class BatchingHttp implements HttpClient {
  private waiting: Waiting[] = [];
  private isSupported = true;

  constructor(private readonly http: HttpClient) {}

  get name(): string {
    return this.http.name;
  }
  get baseUrl(): string {
    return this.http.baseUrl;
  }
  get signsIn(): boolean {
    return this.http.signsIn;
  }
  get clockAhead(): number | undefined {
    return this.http.clockAhead;
  }
  signIn(): Promise<void> {
    return this.http.signIn();
  }
  file(address: string, what: string): Promise<Readable> {
    return this.http.file(address, what);
  }
  mask(text: string): string {
    return this.http.mask(text);
  }
  close(): void {
    this.http.close();
  }

  request: HttpClient['request'] = (request: HttpRequest): Promise<HttpAnswer<never>> => {
    if (request.method !== 'GET' || request.as === 'stream' || !this.isSupported) return this.http.request(request);
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, resolve, reject });
      if (this.waiting.length === 1) setImmediate(() => this.flush());
    });
  };

  private flush(): void {
    const all = this.waiting;
    this.waiting = [];
    for (let from = 0; from < all.length; from += MOST) void this.send(all.slice(from, from + MOST));
  }

  private async send(batch: Waiting[]): Promise<void> {
    const single = ({ request, resolve, reject }: Waiting) => this.http.request<never>(request).then(resolve, reject);
    const [only, ...more] = batch;
    if (only && more.length === 0) return single(only);
    try {
      const answers = await this.answers(batch.map(({ request }) => request));
      batch.forEach((one, index) => {
        const answer = answers.get(String(index));
        if (answer) one.resolve(answer as HttpAnswer<never>);
        else void single(one);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** The successful answers, by the position of their requests. */
  private async answers(requests: HttpRequest[]): Promise<Map<string, HttpAnswer>> {
    const body = {
      batch_request_id: '1',
      rest_requests: requests.map((request, index) => ({
        id: String(index),
        method: request.method,
        url: urlOf(request),
        headers: [{ name: 'Accept', value: 'application/json' }],
      })),
    };
    const what = say`read several records together`;
    try {
      const answer = await this.http.request({ method: 'POST', path: '/api/now/v1/batch', body, what });
      const serviced = isObject(answer.body) ? answer.body.serviced_requests : undefined;
      const allowance = new JsonAllowance(ANSWER_JSON);
      if (Array.isArray(serviced))
        return new Map(serviced.slice(0, MOST).flatMap((item) => successOf(item, answer.headers, allowance)));
    } catch (error) {
      if (!(error instanceof PartnerError)) throw error;
      // Nothing was written, whatever became of it.
      if (!UNSUPPORTED.has(error.status ?? 0)) throw error.withDetails({ outcome: 'notDone' });
    }
    this.isSupported = false;
    return new Map();
  }
}

function urlOf({ path, query = {} }: HttpRequest): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

function successOf(item: unknown, outer: HttpAnswer['headers'], allowance: JsonAllowance): [string, HttpAnswer][] {
  if (!isObject(item) || typeof item.body !== 'string') return [];
  const status = Number(item.status_code);
  if (!(status >= 200 && status < 300)) return [];
  const headers: HttpAnswer['headers'] = { date: outer.date };
  for (const header of Array.isArray(item.headers) ? item.headers : [])
    if (isObject(header)) headers[String(header.name).toLowerCase()] = String(header.value);
  const text = Buffer.from(item.body, 'base64').toString('utf8');
  const body = jsonIn(text, allowance);
  return body === undefined ? [] : [[String(item.id), { status, headers, body, size: text.length }]];
}
