import { PartnerError } from '../../errors.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import { onePage } from './pages.js';
import { columnText, type Row } from './row.js';

const HOUR = 3_600_000;
/** How long a zone is cached, milliseconds: a user may change it, and the sweeps that look back find what was missed since. */
const CACHE_TIME = 300_000;
/** Attempts to query a row by its time while it keeps changing. */
const MAX_ATTEMPTS = 3;
/** Rows searched for the newest one, because ACLs apply after the limit. */
const ROWS = 50;

/** Times are in raw notation, UTC: `2026-03-01 12:00:00`. */
export interface Zone {
  name: string;
  /** A UTC time in local notation. */
  local: (time: string) => string;
  /** Whether clocks are put back between two times, so that a local time is ambiguous. */
  repeats: (from: string, until: string) => boolean;
  /** What to do if the instance does not understand times in this zone. */
  hint: () => string;
}

export const GMT: Zone = {
  name: 'GMT',
  local: (time) => time,
  repeats: () => false,
  hint: () => say`The integration user’s time zone must be GMT.`,
};
const UTC = new Set(['GMT', 'UTC', 'Etc/UTC', 'Etc/GMT']);

/** A zone by its IANA name or a former name (US/Eastern); undefined for an unknown name. */
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
  const localTime = (instant: number) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second}`;
  };
  const offset = (instant: number) => instantOf(localTime(instant)) - instant;
  return {
    name,
    local: (time) => localTime(instantOf(time)),
    repeats: (from, until) => {
      const end = instantOf(until);
      for (let at = instantOf(from); at < end; at += HOUR) if (offset(Math.min(at + HOUR, end)) < offset(at)) return true;
      return false;
    },
    hint: () =>
      say`The time zone of the integration user was ${name} when Switchboard read it, but the response does not fit that zone.`,
  };
}

/**
 * The time zone in which ServiceNow reads the queries of the integration user; undefined where that cannot be read. Throws
 * PartnerError.
 */
export async function zoneOfUser(api: Api, user: string): Promise<string | undefined> {
  const known = `user_name=${user.replace(/\^/g, '')}`;
  const found = await rows(api, 'sys_user', known, 'sys_id,user_name,time_zone', say`read the integration user`);
  const own = found.find((row) => columnText(row.user_name) === user);
  if (!own || own.time_zone === undefined) return undefined;
  const zone = columnText(own.time_zone);
  if (zone) return zone;
  // A user without a zone has the instance's default.
  const property = 'glide.sys.default.tz';
  const properties = await rows(api, 'sys_properties', `name=${property}`, 'sys_id,name,value', say`read its time zone`);
  return columnText(properties.find((row) => columnText(row.name) === property)?.value) || undefined;
}

/** Finds out in which zone an instance reads the times in queries. */
export class ZoneReader {
  private known: { zone: Zone; at: number } | undefined;

  constructor(
    private readonly api: Api,
    private readonly user: string | undefined,
    private readonly clock: () => number,
  ) {}

  /**
   * The integration user's zone, or GMT where it cannot be read. It is verified with a row of the table, or with a user. Throws
   * PartnerError where it proves to be a different one.
   */
  async read(table: string): Promise<Zone> {
    if (this.known && this.clock() - this.known.at < CACHE_TIME) return this.known.zone;
    const name = this.user && (await zoneOfUser(this.api, this.user).catch(undefinedIfRefused));
    const named = name ? zoneNamed(name) : undefined;
    const zone = named ?? GMT;
    const isVerified =
      (await this.verify(table, zone)) || (await this.verify('sys_user', zone).catch(undefinedIfRefused)) === true;
    if (isVerified || named !== undefined) this.known = { zone, at: this.clock() };
    return zone;
  }

  /** Called after an answer that may come from a change of zone. */
  forget(): void {
    this.known = undefined;
  }

  /** Queries a row by its own time. False where there is no row to query. */
  private async verify(table: string, zone: Zone): Promise<boolean> {
    const time = 'sys_updated_on';
    const ask = (query: string, what: string) => rows(this.api, table, query, `sys_id,${time}`, what);
    let [row] = await ask(`ORDERBYDESC${time}`, say`read the newest row`);
    for (let i = 0; i < MAX_ATTEMPTS; i++) {
      const [id, at] = [columnText(row?.sys_id), columnText(row?.[time])];
      if (!id || !at || zone.repeats(shifted(at, -2 * HOUR), shifted(at, 2 * HOUR))) return false;
      const what = say`query a row by its time`;
      const isIt = (other: Row) => columnText(other.sys_id) === id;
      if ((await ask(`sys_id=${id}^${time}=${zone.local(at)}`, what)).some(isIt)) return true;
      // The row may have been changed meanwhile.
      row = (await ask(`sys_id=${id}`, what)).find(isIt);
      if (columnText(row?.[time]) === at) throw this.api.unmatched({ method: 'GET', what }, zone.hint());
    }
    return false;
  }
}

/** Without the right to read it, the zone is unknown; any other error is thrown, to be retried. */
function undefinedIfRefused(error: unknown): undefined {
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
