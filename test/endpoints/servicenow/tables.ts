import type { Api } from '../../../src/endpoints/api.js';
import { serviceNowApi } from '../../../src/endpoints/servicenow/answers.js';
import { PartnerError } from '../../../src/errors.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../src/http/http.js';
import { parseQuery, type Row } from '../../../src/sandbox/servicenow-query.js';
import { TABLES } from '../../../src/sandbox/servicenow-tables.js';

/** Tables of an instance that behaves as a test needs: limits pages, refuses sizes, has a clock of its own. */
export class Tables {
  readonly rows: Record<string, Row[]> = {};
  readonly asked: HttpRequest[] = [];
  /** The most rows that it returns at a time. */
  cap = Number.POSITIVE_INFINITY;
  /** The error by which it refuses larger pages. */
  refusal: { above: number; words: string } | undefined;
  /** Status of a page past the end. */
  pastEnd = 200;
  /** Rows of the same second come in another order each time, unless they are sorted by id. */
  shuffles = false;
  /** Which rows are hidden from the user; they are taken out of a page. */
  hides: (row: Row) => boolean = () => false;
  /** Runs before each answer. */
  before: () => void = () => undefined;
  /** Its own clock, milliseconds. */
  clock: () => number = Date.now;
  /** Time zone of the user whose queries it reads, and which of two equal local times it takes one for. */
  zone = 'GMT';
  takes: 'earlier' | 'later' = 'later';
  /** What it does with a write. */
  write: (request: HttpRequest) => void = () => undefined;

  readonly api: Api = serviceNowApi({
    name: 'Acme',
    baseUrl: 'http://acme',
    close: () => undefined,
    mask: (text) => text,
    request: async (request: HttpRequest) => this.answer(request),
  } as Partial<HttpClient> as HttpClient);

  add(table: string, row: Record<string, string>): void {
    this.rows[table] ??= [];
    this.rows[table].push({
      sys_updated_on: raw(Date.UTC(2026, 0, 1)),
      sys_id: id(`${table}${this.rows[table].length}`),
      ...row,
    });
  }

  private inUtc(query: string): string {
    return query.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, (local) => {
      const said = Date.parse(`${local.replace(' ', 'T')}Z`);
      const fits = Array.from({ length: 58 }, (_, i) => said + (i - 28) * 1_800_000).filter(
        (at) => localIn(this.zone, at) === local,
      );
      return raw((this.takes === 'later' ? fits.at(-1) : fits[0]) ?? said);
    });
  }

  private answer(request: HttpRequest): HttpAnswer<never> {
    this.asked.push(request);
    this.before();
    const headers = { date: new Date(this.clock()).toUTCString() };
    if (request.method !== 'GET') {
      this.write(request);
      return { status: 204, headers, body: undefined as never };
    }
    const { path, query = {} } = request;
    const table = path === '/api/now/attachment' ? 'sys_attachment' : path.split('/').at(-1)!;
    const limit = Number(query.sysparm_limit ?? 10_000);
    if (this.refusal && limit > this.refusal.above) throw refused(400, this.refusal.words);
    const { matches, compare } = parseQuery(this.inUtc(String(query.sysparm_query ?? '')), {
      has: (name) => TABLES[table]?.columns.has(name) || name === 'name' || name.startsWith('sys_'),
      read: (row, name) => row[name] ?? '',
    });
    const all = (this.rows[table] ?? []).filter(matches);
    const found = (this.shuffles && this.asked.length % 2 ? all.reverse() : all).sort(compare);
    const offset = Number(query.sysparm_offset ?? 0);
    if (offset > 0 && offset >= found.length && this.pastEnd !== 200) throw refused(this.pastEnd, 'out of range');
    const page = found.slice(offset, offset + Math.min(limit, this.cap)).filter((row) => !this.hides(row));
    return { status: 200, headers, body: { result: page } as never };
  }
}

function refused(status: number, words: string): PartnerError {
  return new PartnerError('SWB_PARTNER_REFUSED', words, {
    outcome: 'notDone',
    retry: false,
    status,
    body: { error: { message: words }, status: 'failure' },
  });
}

/** A sys_id that does not depend on the time of creation. */
function id(seed: string): string {
  let hash = 7;
  for (const letter of seed) hash = (hash * 31 + letter.charCodeAt(0)) % 4_294_967_291;
  return ((hash * 2_654_435_761) % 4_294_967_291).toString(16).padStart(8, '0').repeat(4);
}

/** A time as in rows. */
export function raw(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localIn(zone: string, at: number): string {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
    formats.set(zone, format);
  }
  return format.format(at);
}
