import { PartnerError } from '../../errors.js';
import { say } from '../../text/say.js';
import { type Api, isAbsent } from '../api.js';
import { BatchLoader } from '../batch-loader.js';
import { LINES, LINES_FIELD, type LineTable, lineIn } from './lines.js';
import { flatRow, type ServiceNowEntity } from './parse.js';
import {
  any,
  attachmentsOf,
  BATCH,
  byColumn,
  byTime,
  journalOf,
  linesOf,
  oneOf,
  queryTable,
  RAW,
  ROW,
  SHOWN,
  sysId,
} from './query.js';
import { columnText, type Row } from './row.js';

/** Columns that are always read, whatever the mappings use. */
const SYSTEM_COLUMNS = [
  'sys_id',
  'number',
  'sys_mod_count',
  'sys_updated_on',
  'sys_updated_by',
  'sys_created_on',
  'sys_created_by',
  'correlation_id',
  'external_id',
  'parent',
  'parent_incident',
];

/** Lines whose records are remembered; the others are looked up. */
const MAX_LINES = 10_000;

/** The parts of records besides attachments; `lines` where such records have lines. */
interface Parts {
  journal: Row[];
  lines?: Row[];
}

/**
 * Reads the records of one table, each with its journal and attachments: three requests for one record or for up to forty
 * together. With lines, two more, and one for every forty journals.
 */
export class RecordReader {
  private readonly loader: BatchLoader<ServiceNowEntity>;
  private readonly lineTable: LineTable | undefined;
  /** Ids of records by the ids of their lines, as last shown. */
  private readonly records = new Map<string, string>();
  /** Ids of lines by the ids of their records, as last shown. */
  private readonly linesBefore = new Map<string, string[]>();

  /** `fields`: columns to read; none = all of them. */
  constructor(
    private readonly api: Api,
    private readonly entityType: string,
    private readonly table: string,
    private readonly fields: string[],
  ) {
    this.lineTable = LINES[table];
    this.loader = new BatchLoader((ids) => this.batch(ids), BATCH);
  }

  /** By its own id, or by the id of one of its lines. Throws PartnerError, SWB_PARTNER_NOT_FOUND when it is missing or hidden. */
  async read(id: string): Promise<ServiceNowEntity> {
    const line = lineIn(id);
    if (line === undefined) return this.loader.get(sysId(id));
    const known = this.records.get(line);
    if (known !== undefined) {
      // A line may have moved to another record: the read itself shows whether it is still there.
      const entity = await this.loader.get(known).catch(absentAsUndefined);
      if (entity?.lines?.some((row) => columnText(row.sys_id) === line)) return entity;
      this.records.delete(line);
    }
    return this.loader.get(sysId(await this.recordOf(line)));
  }

  /** The id of the record of a line, where a read has shown it; else the same id. */
  entityOf(id: string): string {
    return this.records.get(lineIn(id) ?? '') ?? id;
  }

  /** The record with its lines, and without journal and attachments. */
  async record(id: string): Promise<ServiceNowEntity> {
    const lines = this.lineTable && linesOf(this.api, this.lineTable, [sysId(id)], this.entityType);
    const [record, rows] = await Promise.all([this.row(sysId(id)), lines]);
    return this.entity(record, { journal: [], ...(rows && { lines: rows }) }, []);
  }

  private async batch(ids: string[]): Promise<PromiseSettledResult<ServiceNowEntity>[]> {
    const [only] = ids;
    if (ids.length === 1 && only) return Promise.allSettled([this.single(only)]);
    const read = Promise.all([this.rows(ids), this.parts(ids), attachmentsOf(this.api, this.table, ids)]);
    const together = await read.catch((error: unknown) => {
      if (isTooMuch(error)) return undefined;
      throw error;
    });
    // If the batch is too large, or a record is not in it, each is read alone, so that each gets an answer or an error of its
    // own.
    if (!together) return Promise.allSettled(ids.map((id) => this.single(id)));
    const [records, { journal, lines }, attached] = together;
    const journals = byColumn(journal, 'element_id');
    const attachments = byColumn(attached, 'table_sys_id');
    const linesBy = lines && byColumn(lines, this.lineTable?.parent ?? '');
    const found = byColumn(records, 'sys_id');
    return Promise.allSettled(
      ids.map(async (id) => {
        const record = found.get(id)?.[0];
        if (!record) return this.single(id);
        const own = linesBy && (linesBy.get(id) ?? []);
        const entries = [id, ...(own ?? []).map((line) => columnText(line.sys_id))].flatMap((part) => journals.get(part) ?? []);
        return this.entity(record, { journal: own?.length ? byTime(entries) : entries, lines: own }, attachments.get(id) ?? []);
      }),
    );
  }

  private async single(id: string): Promise<ServiceNowEntity> {
    const [record, parts, attachments] = await Promise.all([
      this.row(id),
      this.parts([id]),
      attachmentsOf(this.api, this.table, [id]),
    ]);
    return this.entity(record, parts, attachments);
  }

  private entity(record: Row, { journal, lines }: Parts, attachments: Row[]): ServiceNowEntity {
    this.remember(columnText(record.sys_id), lines ?? []);
    return { table: this.table, record: flatRow(record), ...(lines && { lines }), journal, attachments };
  }

  private remember(id: string, lines: Row[]): void {
    if (this.records.size >= MAX_LINES) {
      this.records.clear();
      this.linesBefore.clear();
    }
    for (const line of lines) this.records.set(columnText(line.sys_id), id);
    if (lines.length > 0)
      this.linesBefore.set(
        id,
        lines.map((line) => columnText(line.sys_id)),
      );
  }

  /** The journals of records, and their lines with the journals of those. */
  private async parts(ids: string[]): Promise<Parts> {
    if (!this.lineTable) return { journal: await journalOf(this.api, ids) };
    // The journals of lines known from earlier reads are requested together with the rest.
    const known = ids.flatMap((id) => this.linesBefore.get(id) ?? []);
    const early = known.length > 0 ? [...ids, ...known] : [];
    const [lines, first] = await Promise.all([
      linesOf(this.api, this.lineTable, ids, this.entityType),
      early.length > 0 ? journalOf(this.api, early) : [],
    ]);
    const all = [...ids, ...lines.map((line) => columnText(line.sys_id))];
    const missing = all.filter((id) => !early.includes(id));
    const rest = missing.length > 0 ? await journalOf(this.api, missing) : [];
    return { journal: byTime([...first, ...rest].filter((entry) => all.includes(columnText(entry.element_id)))), lines };
  }

  private async recordOf(line: string): Promise<string> {
    const { table = '', parent = '' } = this.lineTable ?? {};
    const path = `/api/now/v2/table/${table}/${sysId(line)}`;
    const query = { ...RAW, sysparm_fields: `sys_id,${parent}` };
    const row = await this.api.read(
      { method: 'GET', path, query, what: say`read the line of ${this.entityType} (${table})` },
      line,
      [parent],
    );
    const id = columnText(row[parent]);
    if (id) return id;
    throw new PartnerError('SWB_PARTNER_NOT_FOUND', say`The line ${line} of ${table} belongs to no ${this.entityType}.`, {
      where: this.api.name,
      outcome: 'notDone',
      retry: false,
    });
  }

  private async row(id: string): Promise<Row> {
    const path = `/api/now/v2/table/${this.table}/${id}`;
    return this.api.read({ method: 'GET', path, query: this.columns(), what: say`read ${this.entityType}` }, id, ROW);
  }

  private rows(ids: string[]): Promise<Row[]> {
    const what = say`read ${this.entityType}`;
    const expected = { ...oneOf('sys_id', ids), required: ROW };
    return queryTable(this.api, this.table, any('sys_id', ids), what, ids.length, this.columns(), expected);
  }

  /** Which columns of the record are read, and how they are shown. */
  columns(): Record<string, string | boolean> {
    const names = this.fields.filter((name) => name !== LINES_FIELD);
    return {
      ...SHOWN,
      ...(names.length && { sysparm_fields: [...new Set([...SYSTEM_COLUMNS, ...names])].join(',') }),
    };
  }
}

function absentAsUndefined(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}

function isTooMuch(error: unknown): boolean {
  return error instanceof PartnerError && error.code === 'SWB_TOO_LARGE';
}
