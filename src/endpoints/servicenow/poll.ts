import type { HttpAnswer } from '../../http/http.js';
import type { Json } from '../../model/message.js';
import type { Api } from '../api.js';
import type { Hint, PollResult } from '../endpoint.js';
import { isPart } from '../evidence.js';
import { LINES } from './lines.js';
import { onePage } from './pages.js';
import { columnText, type Row } from './parse.js';
import { parentsOf } from './query.js';
import { SeenRows } from './seen-rows.js';
import { type Stream, streamsOf } from './streams.js';
import { MAX_CLOCK_SKEW } from './recent-rows.js';
import { GMT, instantOf, raw, shifted, type Zone } from './zone.js';

/** Of a row that is so new when polling begins, more may come in the same second, milliseconds. */
const JUST_NOW = 5_000;
/** Times are given to the second, milliseconds. */
const LAG = 1_000;
/** Read again before the watermark, for what was committed late; repeats are dropped by their keys, milliseconds. */
const OVERLAP = 2_000;
/** How often it is looked further back for what was committed later than that, and how far, milliseconds. */
const LOOK_BACK = { every: 300_000, far: 900_000 };
/** The overlap never grows beyond, milliseconds. */
const MAX_OVERLAP = 1_800_000;
const PAGE = 200;
/**
 * Rows that may not be seen are taken out of a page: where one is empty for that, and now and then, so many are asked for, as many as an instance gives
 * at all.
 */
const WIDE = 10_000;
/** Looked through for the newest row that may be seen. */
const NEWEST = 50;
/** An hour that comes twice is read with this much around it, whichever of the two the instance takes it for, milliseconds. */
const AROUND = 3 * 3_600_000;

/**
 * Where a stream stands, by the times of rows that came: answers are dated by a clock of their own, which is only compared with itself.
 * `time` and `id`: the last row taken; `until` bounds a sweep that is not finished, `since` is where that began to read what was not read before.
 * `first`: where polling began, nothing before it is news. `moved`: how an answer was dated when the watermark last moved; `looked`: when it was looked
 * further back, with large pages (`wide`); `overlap`: what is read again, once it had to grow. `lead`: the shortest time by which an answer was dated later
 * than a row in it.
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

/** What one process knows of the instance it polls. */
export interface PollMemory {
  /** In which zone it reads the times of queries. */
  zone: () => Promise<Zone>;
  seen: SeenRows;
}

/**
 * One step of a keyset poll: from the last row on, by time and sys_id, and again over an overlap when a sweep begins: rows of the last second may
 * still have been arriving. Times in queries are read in the API user's zone. Rows that are committed later than the overlap covers are found when it is
 * looked further back, and let it grow.
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
  // Where it starts needs no zone: what is wrong with that is said when it is needed.
  const isFirst = Object.keys(marks).length === 0;
  const zone = isFirst ? GMT : await memory.zone();
  const lines = LINES[table];
  for (const stream of streamsOf(table)) {
    const before = marks[stream.name];
    if (!before) {
      const asked = await now();
      const time = await beginning(api, stream, table, asked);
      next[stream.name] = { time, id: '', first: shifted(time, -OVERLAP), moved: asked, looked: asked };
      continue;
    }
    const sweep = before.until === undefined ? begun(before, await now()) : before;
    const found = await page(api, stream, table, sweep, zone);
    const told = found.rows.map((row) => stream.hint(row, entityType));
    const parents = stream.lines && (await parentsOf(api, stream.lines, new Set(told.map((hint) => hint.id))));
    for (const hint of told) {
      const id = parents ? parents.get(hint.id) : hint.id;
      // Of records with lines the version is made of all of them.
      if (id) hints.set(hint.key, { ...hint, id, ...(lines && { expects: { parts: hint.expects?.parts } }) });
    }
    const times = told.map(({ key }, i) => ({ key, time: columnText(found.rows[i]?.[stream.time]) }));
    const late = memory.seen.lateness(stream.name, times, sweep.since ?? sweep.time);
    const overlap = Math.min(MAX_OVERLAP, Math.max(sweep.overlap ?? 0, late > OVERLAP ? 2 * late : 0));
    const newest = times.reduce((a, { time }) => later(a, time), '');
    const mark = swept({ ...sweep, ...(overlap > 0 && { overlap }) }, found, newest);
    next[stream.name] = mark;
    if (mark.until !== undefined) more = true;
    else memory.seen.forget(stream.name, shifted(mark.time, -MAX_OVERLAP));
  }
  return { hints: [...hints.values()], cursor: next as Json, more };
}

/**
 * A sweep that begins now: over what is read again, and from time to time further back, as long as rows may still come so late. What rests is
 * not read again: its keys are not known for ever.
 */
function begun(mark: Mark, now: string): Mark {
  const { time, looked = now, overlap = 0, moved = now, first = '' } = mark;
  const again = Math.max(OVERLAP, overlap);
  const isDue = now >= shifted(looked, LOOK_BACK.every);
  const isFar = isDue && looked <= shifted(moved, LOOK_BACK.far);
  const rests = now > shifted(moved, again + LAG);
  const begin = isFar ? shifted(time, -Math.max(again, LOOK_BACK.far)) : rests ? shifted(time, LAG) : shifted(time, -again);
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

/** A sweep after a page of it: it goes on from its last row, or has ended (`until` is gone). `newest`: of the times of its rows, '' = none. Pure. */
function swept(sweep: Mark, { last, date, isShort, isUnordered }: SweepPage, newest: string): Mark {
  const { until = '', since = sweep.time } = sweep;
  const lead = newest === '' ? sweep.lead : Math.min(sweep.lead ?? date - instantOf(newest), date - instantOf(newest));
  const kept = { ...sweep, ...(lead !== undefined && { lead }) };
  // Up to here all that was there when the sweep began has been read. Of later seconds rows may have come behind the page that reached them.
  const whole = lead === undefined ? since : shifted(until, -MAX_CLOCK_SKEW - lead - LAG);
  const isBeyond = isShort && !isUnordered && lead === sweep.lead && whole >= since && last !== undefined && last.time >= whole;
  if (last && !isBeyond) return { ...kept, ...last, since };
  // A short page is not the end, rights are applied after the limit: only an empty one, an error for one, or what came since is.
  const reached = isUnordered ? whole : (last?.time ?? (sweep.id ? sweep.time : since));
  const time = later(since, whole < since ? reached : earlier(reached, whole));
  const { until: _, since: __, wide: ___, ...rest } = kept;
  return { ...rest, time, id: '', ...(time > since && { moved: shifted(until, -MAX_CLOCK_SKEW) }) };
}

interface SweepPage {
  /** In order of time, as a rule. */
  rows: Row[];
  /** Where the sweep goes on; undefined at its end. */
  last?: { time: string; id: string };
  /** When it was answered, epoch milliseconds; by our clock where that is not said. */
  date: number;
  /** It shows, with fewer rows than were asked for, that there may be no more. */
  isShort: boolean;
  /** They come in the order of their ids: over an hour that comes twice. */
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
      what: `poll ${stream.table || table}`,
    } as const;
    const asked = (row: Row) => stream.hint(row, '').id !== '';
    const question = { needs: [time], asked };
    let answer = await onePage(api, request, wide ? WIDE : PAGE, { ...question, page: true });
    const isHidden = answer.records.length === 0 && isPart(answer.status, answer.headers);
    if (isHidden && !wide) answer = await onePage(api, request, WIDE, { ...question, page: id !== '' });
    const { records, headers, limit } = answer;
    // An invalid clause is ignored and any rows come back: what was asked for may be among the others.
    const inTime = (row: Row) => columnText(row[time]) >= from && columnText(row[time]) <= to && columnText(row.sys_id) > after;
    if (!records.every(inTime)) throw api.unmatched(request, zone.hint);
    return { rows: records, date: answeredAt(headers), isShort: records.length < limit };
  };
  const between = (from: string, to: string) => `${time}>=${zone.local(from)}^${time}<=${zone.local(to)}`;
  if (zone.repeats(shifted(begin, -AROUND), shifted(until, AROUND))) {
    // The order of local times says nothing there: page by page by sys_id, and what is around it is left out.
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
  // First the rest of the second the last row was in, then what is later.
  const rest = await ask(`${time}=${zone.local(begin)}^sys_id>${id}`, order, begin, begin, id);
  if (rest.rows.length) return inOrder({ ...rest, isShort: false });
  return inOrder(await ask(`${time}>${zone.local(begin)}^${time}<=${zone.local(until)}`, order, begin, until));
}

/** Where a stream begins: after the newest row there is, by the clock that dates rows, and by as much later as is read again. */
async function beginning(api: Api, stream: Stream, table: string, now: string): Promise<string> {
  const { time, fields } = stream;
  const base = stream.base(table);
  const request = {
    method: 'GET',
    path: `/api/now/v2/table/${stream.table || table}`,
    query: { sysparm_query: `${base ? `${base}^` : ''}ORDERBYDESC${time}`, sysparm_fields: fields, sysparm_no_count: true },
    what: `look where ${stream.table || table} ends`,
  } as const;
  const { records } = await onePage(api, request, NEWEST, { needs: [time], page: true });
  const newest = columnText(records[0]?.[time]);
  if (newest === '') return shifted(now, -MAX_CLOCK_SKEW);
  const isJustNow = Math.abs(instantOf(now) - instantOf(newest)) < JUST_NOW;
  return shifted(newest, isJustNow ? OVERLAP : OVERLAP + 1_000);
}

/** The instance's own clock, from its Date header, in its raw notation: ours may differ. */
export async function serverTime(api: Api, table: string): Promise<string> {
  const query = { sysparm_limit: 1, sysparm_fields: 'sys_id', sysparm_no_count: true };
  const request = { method: 'GET', path: `/api/now/v2/table/${table}`, query, what: 'read the clock' } as const;
  const { headers } = await api.list(request, { page: true });
  return raw(answeredAt(headers));
}

/** When an answer was given, epoch milliseconds; by our clock where it does not say. */
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
