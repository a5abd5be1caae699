import { PartnerError } from '../../errors.js';
import type { Api } from '../api.js';
import { onePage } from './pages.js';
import { columnText, type Row } from './parse.js';

const HOUR = 3_600_000;
/** A zone is believed so long, milliseconds: somebody may change it, and what was missed since is found by looking back. */
const BELIEVED = 300_000;
/** How often a row is asked for by its time that changes meanwhile. */
const TRIES = 3;
/** Rows of which the newest is taken: rights are applied after the limit. */
const ROWS = 50;

/** Times are in raw notation, UTC: `2026-03-01 12:00:00`. */
export interface Zone {
  name: string;
  /** A time as it is said there. */
  local: (time: string) => string;
  /** Whether clocks are put back between two times: then a local time means two. */
  repeats: (from: string, until: string) => boolean;
  /** What to do where an instance does not understand times of this zone. */
  hint: string;
}

export const GMT: Zone = {
  name: 'GMT',
  local: (time) => time,
  repeats: () => false,
  hint: 'Its integration user’s time zone must be GMT.',
};
const UTC = new Set(['GMT', 'UTC', 'Etc/UTC', 'Etc/GMT']);

/** A zone by its name in the IANA database or one of its old names (US/Eastern); undefined where there is none. */
export function zoneNamed(name: string): Zone | undefined {
  if (UTC.has(name)) return { ...GMT, name };
  let format: Intl.DateTimeFormat;
  try {
    const [year, second] = ['numeric', '2-digit'] as const;
    const fields = { year, month: second, day: second, hour: second, minute: second, second, hourCycle: 'h23' } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, calendar: 'gregory', numberingSystem: 'latn', ...fields });
  } catch {
    return undefined;
  }
  const said = (instant: number) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second}`;
  };
  const offset = (instant: number) => instantOf(said(instant)) - instant;
  return {
    name,
    local: (time) => said(instantOf(time)),
    repeats: (from, until) => {
      const end = instantOf(until);
      for (let at = instantOf(from); at < end; at += HOUR) if (offset(Math.min(at + HOUR, end)) < offset(at)) return true;
      return false;
    },
    hint: `Its integration user’s time zone was ${name} when it was read, and the answer is of another one.`,
  };
}

/** The name of the zone in which the integration user’s queries are read; undefined where that cannot be read. Throws PartnerError. */
export async function zoneOfUser(api: Api, user: string): Promise<string | undefined> {
  const known = `user_name=${user.replace(/\^/g, '')}`;
  const found = await rows(api, 'sys_user', known, 'sys_id,user_name,time_zone', 'read the integration user');
  const own = found.find((row) => columnText(row.user_name) === user);
  if (!own || own.time_zone === undefined) return undefined;
  const zone = columnText(own.time_zone);
  if (zone) return zone;
  // Who has none is in the instance's own.
  const property = 'glide.sys.default.tz';
  const properties = await rows(api, 'sys_properties', `name=${property}`, 'sys_id,name,value', 'read its time zone');
  return columnText(properties.find((row) => columnText(row.name) === property)?.value) || undefined;
}

/** Knows in which zone one instance reads the times of queries. */
export class ZoneReader {
  private known: { zone: Zone; at: number } | undefined;

  constructor(
    private readonly api: Api,
    private readonly user: string | undefined,
    private readonly clock: () => number,
  ) {}

  /**
   * The integration user's zone, GMT where it cannot be read. It is tried with a row of the table, or a user. Throws PartnerError where it proves to be
   * another one.
   */
  async read(table: string): Promise<Zone> {
    if (this.known && this.clock() - this.known.at < BELIEVED) return this.known.zone;
    const name = this.user && (await zoneOfUser(this.api, this.user).catch(unreadable));
    const named = name ? zoneNamed(name) : undefined;
    const zone = named ?? GMT;
    const isProven = (await this.prove(table, zone)) || (await this.prove('sys_user', zone).catch(unreadable)) === true;
    if (isProven || named !== undefined) this.known = { zone, at: this.clock() };
    return zone;
  }

  /** After an answer that may come of another zone. */
  forget(): void {
    this.known = undefined;
  }

  /** Asks for a row by its own time. False where there is none to ask for. */
  private async prove(table: string, zone: Zone): Promise<boolean> {
    const time = 'sys_updated_on';
    const ask = (query: string, what: string) => rows(this.api, table, query, `sys_id,${time}`, what);
    let [row] = await ask(`ORDERBYDESC${time}`, 'read the newest row');
    for (let i = 0; i < TRIES; i++) {
      const [id, at] = [columnText(row?.sys_id), columnText(row?.[time])];
      if (!id || !at || zone.repeats(shifted(at, -2 * HOUR), shifted(at, 2 * HOUR))) return false;
      const what = 'ask for a row by its time';
      const isIt = (other: Row) => columnText(other.sys_id) === id;
      if ((await ask(`sys_id=${id}^${time}=${zone.local(at)}`, what)).some(isIt)) return true;
      // It may have been changed meanwhile.
      row = (await ask(`sys_id=${id}`, what)).find(isIt);
      if (columnText(row?.[time]) === at) throw this.api.unmatched({ method: 'GET', what }, zone.hint);
    }
    return false;
  }
}

/** Without the right to read it, it is not known; anything else is asked again. */
function unreadable(error: unknown): undefined {
  const isRefused = error instanceof PartnerError && error.status !== undefined && [400, 401, 403, 404].includes(error.status);
  if (!isRefused) throw error;
  return undefined;
}

async function rows(api: Api, table: string, query: string, fields: string, what: string): Promise<Row[]> {
  const parameters = { sysparm_query: query, sysparm_fields: fields, sysparm_no_count: true };
  return (await onePage(api, { method: 'GET', path: `/api/now/v2/table/${table}`, query: parameters, what }, ROWS, {})).records;
}

export function raw(instant: number): string {
  return new Date(instant).toISOString().slice(0, 19).replace('T', ' ');
}

export function shifted(time: string, milliseconds: number): string {
  return raw(instantOf(time) + milliseconds);
}

export function instantOf(time: string): number {
  return Date.parse(`${time.replace(' ', 'T')}Z`);
}
