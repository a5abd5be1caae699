import type { HttpAnswer } from '../../http/http.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import type { Hint, PollResult } from '../endpoint.js';
import { isPart } from '../evidence.js';
import { Paging } from '../paging.js';
import { LINES } from './lines.js';
import { onePage } from './pages.js';
import { parentsOf } from './query.js';
import { MAX_CLOCK_SKEW } from './recent-rows.js';
import { columnText, type Row } from './row.js';
import { SeenRows } from './seen-rows.js';
import { type Stream, streamsOf } from './streams.js';
import { GMT, instantOf, raw, shifted, type Zone } from './zone.js';

/** If the newest row is younger than this when polling begins, more rows may follow in the same second, milliseconds. */
const JUST_NOW = 5_000;
/** Times have a resolution of one second, milliseconds. */
const LAG = 1_000;
/** How far before the watermark a sweep reads again, for rows that were committed late; keys drop repeats. Milliseconds. */
const OVERLAP = 2_000;
/** How often a sweep looks further back for rows that were committed even later, and how far, milliseconds. */
const LOOK_BACK = { every: 300_000, far: 900_000 };
/** The largest overlap, milliseconds. */
const MAX_OVERLAP = 1_800_000;
const PAGE = 200;
/**
 * ACLs remove rows from a page after the limit. Where a page is empty because of that, and from time to time, this many rows are
 * requested: the most that an instance returns.
 */
const WIDE = 10_000;
/** Rows searched for the newest visible one. */
const NEWEST = 50;
/**
 * The hour that comes twice when clocks are put back is read with this much around it, whichever of the two the instance means.
 * Milliseconds.
 */
const AROUND = 3 * 3_600_000;

/**
 * The position of a stream, by the times of its rows. Answers are dated by another clock, which is only compared with itself.
 * `time` and `id`: the last row read; `until`: the end of an unfinished sweep; `since`: where that sweep began to read new rows.
 * `first`: where polling began; earlier changes are not reported. `moved`: the date of the answer when the watermark last moved;
 * `looked`: when a sweep last looked further back, with large pages (`wide`); `overlap`: what is read again, if it had to grow.
 * `lead`: the shortest time by which an answer was dated later than a row in it.
 */
type Mark = {
  time: string;
  id: string;
  until?: string;
  since?: string;
  first?: string;
  moved?: string;
  looked?: string;
  wide?: boolean;
  overlap?: number;
  lead?: number;
};
type Cursor = { [stream: string]: Mark };

/** What this process knows about the instance it polls. */
export interface PollMemory {
  /** The time zone in which the instance reads times in queries. */
  zone: () => Promise<Zone>;
  seen: SeenRows;
}

/**
 * One step of a keyset poll: from the last row on, by time and sys_id. A new sweep reads an overlap again, because rows of the
 * last second may still have been arriving. Times in queries are in the API user's time zone. A sweep that looks further back
 * finds rows that were committed later than the overlap covers, and makes the overlap grow.
 */
export async function poll(
  api: Api,
  table: string,
  entityType: string,
  cursor: Json | undefined,
  memory: PollMemory = { zone: async () => GMT, seen: new SeenRows() },
): Promise<PollResult> {
  const marks = (cursor ?? {}) as Cursor;
  const next: Cursor = { ...marks };
  const hints = new Map<string, Hint>();
  let more = false;
  let clock: Promise<string> | undefined;
  const now = () => {
    clock ??= serverTime(api, table);
    return clock;
  };
  // The first poll needs no zone: an error about it is reported when the zone is needed.
  const isFirst = Object.keys(marks).length === 0;
  const zone = isFirst ? GMT : await memory.zone();
  const lines = LINES[table];
  for (const stream of streamsOf(table)) {
    const before = marks[stream.name];
    if (!before) {
      const asked = await now();
      const time = await startOf(api, stream, table, asked);
      next[stream.name] = { time, id: '', first: shifted(time, -OVERLAP), moved: asked, looked: asked };
      continue;
    }
    const sweep = before.until === undefined ? startSweep(before, await now()) : before;
    const found = await page(api, stream, table, sweep, zone);
    const pageHints = found.rows.map((row) => stream.hint(row, entityType));
    const parents = stream.lines && (await parentsOf(api, stream.lines, new Set(pageHints.map((hint) => hint.id))));
    for (const hint of pageHints) {
      const id = parents ? parents.get(hint.id) : hint.id;
      // The version of a record with lines is made from all of its rows.
      if (id) hints.set(hint.key, { ...hint, id, ...(lines && { expects: { parts: hint.expects?.parts } }) });
    }
    const times = pageHints.map(({ key }, i) => ({ key, time: columnText(found.rows[i]?.[stream.time]) }));
    const late = memory.seen.lateness(stream.name, times, sweep.since ?? sweep.time);
    const overlap = Math.min(MAX_OVERLAP, Math.max(sweep.overlap ?? 0, late > OVERLAP ? 2 * late : 0));
    const newest = times.reduce((a, { time }) => later(a, time), '');
    const mark = advance({ ...sweep, ...(overlap > 0 && { overlap }) }, found, newest);
    next[stream.name] = mark;
    if (mark.until !== undefined) more = true;
    else memory.seen.forget(stream.name, shifted(mark.time, -MAX_OVERLAP));
  }
  return { hints: [...hints.values()], cursor: next as Json, more };
}

/**
 * Starts a sweep: over the overlap, and from time to time further back, as long as late rows may still appear there. An idle
 * stream is not read again, because its keys are not remembered for ever.
 */
function startSweep(mark: Mark, now: string): Mark {
  const { time, looked = now, overlap = 0, moved = now, first = '' } = mark;
  const again = Math.max(OVERLAP, overlap);
  const isDue = now >= shifted(looked, LOOK_BACK.every);
  const isFar = isDue && looked <= shifted(moved, LOOK_BACK.far);
  const isIdle = now > shifted(moved, again + LAG);
  const begin = isFar ? shifted(time, -Math.max(again, LOOK_BACK.far)) : isIdle ? shifted(time, LAG) : shifted(time, -again);
  return {
    ...mark,
    time: later(first, begin),
    id: '',
    until: shifted(now, MAX_CLOCK_SKEW),
    since: time,
    looked: isDue ? now : looked,
    ...(isDue && { wide: true }),
  };
}

/**
 * The sweep after one of its pages: it continues after the last row, or has ended (no `until`). `newest`: time of its newest row,
 * '' = none. Pure.
 */
function advance(sweep: Mark, { last, date, isShort, isUnordered }: SweepPage, newest: string): Mark {
  const { until = '', since = sweep.time } = sweep;
  const lead = newest === '' ? sweep.lead : Math.min(sweep.lead ?? date - instantOf(newest), date - instantOf(newest));
  const kept = { ...sweep, ...(lead !== undefined && { lead }) };
  // Everything up to here that existed when the sweep began has been read. Later seconds may have got rows after the page that
  // reached them.
  const completeUntil = lead === undefined ? since : shifted(until, -MAX_CLOCK_SKEW - lead - LAG);
  const isPastSweep =
    isShort && !isUnordered && lead === sweep.lead && completeUntil >= since && last !== undefined && last.time >= completeUntil;
  if (last && !isPastSweep) return { ...kept, ...last, since };
  // A short page is not the end, because ACLs apply after the limit: the end is an empty page, an error for one, or rows newer
  // than the sweep.
  const reached = isUnordered ? completeUntil : (last?.time ?? (sweep.id ? sweep.time : since));
  const time = later(since, completeUntil < since ? reached : earlier(reached, completeUntil));
  const { until: _, since: __, wide: ___, ...rest } = kept;
  return { ...rest, time, id: '', ...(time > since && { moved: shifted(until, -MAX_CLOCK_SKEW) }) };
}

interface SweepPage {
  /** In order of time, except where `isUnordered`. */
  rows: Row[];
  /** Where the sweep continues; undefined at its end. */
  last?: { time: string; id: string };
  /** Date of the answer, epoch milliseconds; by our clock where the answer has none. */
  date: number;
  /** It has fewer rows than requested, so it may be the last page. */
  isShort: boolean;
  /** The rows are ordered by id: over an hour that comes twice. */
  isUnordered?: true;
}

type Answer = Pick<SweepPage, 'rows' | 'date' | 'isShort'>;

async function page(api: Api, stream: Stream, table: string, sweep: Mark, zone: Zone): Promise<SweepPage> {
  const { time } = stream;
  const { time: begin, until = '', id, wide = false } = sweep;
  const base = stream.base(table);
  const ask = async (condition: string, order: string, from: string, to: string, after = ''): Promise<Answer> => {
    const request = {
      method: 'GET',
      path: `/api/now/v2/table/${stream.table || table}`,
      query: {
        sysparm_query: `${base ? `${base}^` : ''}${condition}${order}`,
        sysparm_fields: stream.fields,
        sysparm_exclude_reference_link: true,
        sysparm_no_count: true,
      },
      what: say`poll ${stream.table || table}`,
    } as const;
    const matches = (row: Row) => stream.hint(row, '').id !== '';
    const expected = { required: [time], matches };
    let answer = await onePage(api, request, wide ? WIDE : PAGE, { ...expected, page: new Paging() });
    const isHidden = answer.records.length === 0 && isPart(answer.status, answer.headers);
    if (isHidden && !wide) answer = await onePage(api, request, WIDE, { ...expected, ...(id !== '' && { page: new Paging() }) });
    const { records, headers, limit } = answer;
    // ServiceNow ignores an invalid clause and returns any rows: the matching ones may be among those not shown.
    const inTime = (row: Row) => columnText(row[time]) >= from && columnText(row[time]) <= to && columnText(row.sys_id) > after;
    if (!records.every(inTime)) throw api.unmatched(request, zone.hint());
    return { rows: records, date: answeredAt(headers), isShort: records.length < limit };
  };
  const between = (from: string, to: string) => `${time}>=${zone.local(from)}^${time}<=${zone.local(to)}`;
  if (zone.repeats(shifted(begin, -AROUND), shifted(until, AROUND))) {
    // Local times have no order there: read page by page by sys_id, and drop what is outside.
    const condition = `${between(shifted(begin, -AROUND), shifted(until, AROUND))}${id ? `^sys_id>${id}` : ''}`;
    const around = await ask(condition, '^ORDERBYsys_id', shifted(begin, -2 * AROUND), shifted(until, 2 * AROUND), id);
    const rows = around.rows.filter((row) => columnText(row[time]) >= begin && columnText(row[time]) <= until);
    const last = around.rows.at(-1);
    return { ...around, rows, isUnordered: true, ...(last && { last: { time: begin, id: columnText(last.sys_id) } }) };
  }
  const order = `^ORDERBY${time}^ORDERBYsys_id`;
  const inOrder = (answer: Answer): SweepPage => {
    const last = answer.rows.at(-1);
    return { ...answer, ...(last && { last: { time: columnText(last[time]), id: columnText(last.sys_id) } }) };
  };
  if (!id) return inOrder(await ask(between(begin, until), order, begin, until));
  // First the other rows of the last row's second, then the later ones.
  const rest = await ask(`${time}=${zone.local(begin)}^sys_id>${id}`, order, begin, begin, id);
  if (rest.rows.length) return inOrder({ ...rest, isShort: false });
  return inOrder(await ask(`${time}>${zone.local(begin)}^${time}<=${zone.local(until)}`, order, begin, until));
}

/**
 * Where a stream begins: after its newest row, by the clock that dates rows, and later by the overlap, which the first sweep
 * reads again.
 */
async function startOf(api: Api, stream: Stream, table: string, now: string): Promise<string> {
  const { time, fields } = stream;
  const base = stream.base(table);
  const request = {
    method: 'GET',
    path: `/api/now/v2/table/${stream.table || table}`,
    query: { sysparm_query: `${base ? `${base}^` : ''}ORDERBYDESC${time}`, sysparm_fields: fields, sysparm_no_count: true },
    what: say`find the newest row of ${stream.table || table}`,
  } as const;
  const { records } = await onePage(api, request, NEWEST, { required: [time], page: new Paging() });
  const newest = columnText(records[0]?.[time]);
  if (newest === '') return shifted(now, -MAX_CLOCK_SKEW);
  const isJustNow = Math.abs(instantOf(now) - instantOf(newest)) < JUST_NOW;
  return shifted(newest, isJustNow ? OVERLAP : OVERLAP + 1_000);
}

/** The instance's time, from its Date header, in its raw notation: our clock may differ. */
export async function serverTime(api: Api, table: string): Promise<string> {
  const query = { sysparm_limit: 1, sysparm_fields: 'sys_id', sysparm_no_count: true };
  const request = { method: 'GET', path: `/api/now/v2/table/${table}`, query, what: say`read the clock` } as const;
  const { headers } = await api.list(request, { page: new Paging() });
  return raw(answeredAt(headers));
}

/** The date of an answer, epoch milliseconds; by our clock where it has none. */
function answeredAt(headers: HttpAnswer['headers']): number {
  const time = Date.parse(headers.date ?? '');
  return Number.isNaN(time) ? Date.now() : time;
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

function earlier(a: string, b: string): string {
  return a < b ? a : b;
}
