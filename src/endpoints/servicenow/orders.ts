import { PartnerError, SwitchboardError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import { type Api, afterWrite, halfDone, isAbsent } from '../api.js';
import type { WriteResult } from '../endpoint.js';
import { Catalogue } from './catalogue.js';
import { itemIds, lineOf } from './line-ids.js';
import { LINES_FIELD, type LineTable, referenceColumns } from './lines.js';
import { matchRequestedItems } from './match-items.js';
import { type Overwritten, overwrittenStates } from './overwritten.js';
import type { ServiceNowEntity } from './parse.js';
import { findByReference, oneOf, queryTable, queryValue } from './query.js';
import type { RecordReader } from './read.js';
import { droppedFields, rowBody } from './render.js';
import { CANCELLED_ITEM, CANCELLED_REQUEST, decidedState, isOpenItem, withoutLateCancellations } from './request-cancellation.js';
import { columnText, type Row } from './row.js';
import { changeRow, insertRow } from './write.js';
import {
  completeLines,
  droppedLineFields,
  type LineContext,
  type LineInput,
  lineInputs,
  requireLines,
  updateLines,
  writesJournal,
} from './write-lines.js';
import { withWrittenRows } from './written.js';

export interface OrdersOptions {
  api: Api;
  entityType: string;
  table: string;
  lines: LineTable;
  integrationUser?: string;
  reader: RecordReader;
}

/**
 * Writes records with lines. Each takes several requests, so every step is repeatable: existing parts are found by our reference,
 * and lines by the ids of their items, and only what is missing is created.
 */
export class Orders {
  private readonly catalogue: Catalogue;

  constructor(private readonly options: OrdersOptions) {
    this.catalogue = new Catalogue(options.api);
  }

  /** `fields`: what was to be created; missing parts are created now. */
  async find(reference: string, fields?: Record<string, Json>): Promise<ServiceNowEntity | undefined> {
    const id = await this.idOf(reference);
    if (!id) return undefined;
    if (fields) return (await this.complete(id, fields, reference)).entity as ServiceNowEntity;
    return this.options.reader.read(id);
  }

  async create(fields: Record<string, Json>, reference: string): Promise<WriteResult> {
    const { api, table, entityType, lines } = this.options;
    const given = lineInputs(fields, lines);
    let id = await this.idOf(reference);
    if (!id && lines.creation === 'order' && given.length > 0) {
      const ordered = await this.catalogue.order(given, reference);
      await afterWrite(() => this.options.reader.read(ordered), true);
      id = ordered;
    }
    if (!id) {
      const key = referenceColumns(table).slice(0, 1); // the column that is queried
      id = columnText((await insertRow(api, table, this.headerOf(fields, reference), say`create ${entityType}`, key)).sys_id);
    }
    return this.complete(id, fields, reference);
  }

  /**
   * Writes the given columns, and the differences in the lines. `added`: the items whose lines are new. `current`: the record as it
   * was just read.
   */
  async update(
    id: string,
    fields: Record<string, Json>,
    added: readonly string[] = [],
    current?: ServiceNowEntity,
  ): Promise<WriteResult> {
    const { api, table, entityType, lines, reader } = this.options;
    const given = lineInputs(fields, lines);
    const { [LINES_FIELD]: _lines, ...header } = fields;
    const body = rowBody(header);
    const cancels = lines.creation === 'order' && header.request_state === CANCELLED_REQUEST;
    const comparesLines = given.length > 0 || cancels;
    // An entry in the journal of a line is compared with its last one.
    const before = writesJournal(given)
      ? await reader.read(id)
      : (current ?? (comparesLines ? await reader.record(id) : undefined));
    if (before) requireLines(this.lineContext(before), given, added);
    const decided = before && cancels ? decidedState(before.record) : undefined;
    if (before && decided) {
      const refused = say`${columnText(before.record.number)} is closed already: ${decided}`;
      return { entity: before, dropped: droppedFields(body, before.record), refused };
    }
    const answers: Row[] = [];
    let lost: Overwritten | undefined;
    if (Object.keys(body).length > 0) {
      const row = await changeRow(api, table, id, body, say`update ${entityType}`, reader.columns());
      answers.push(row);
      lost = before && (await overwrittenStates(api, table, before.record, body, row));
    }
    try {
      const known = before ?? (await reader.record(id));
      const lineContext = this.lineContext(known);
      const open = lines.creation === 'order' ? withoutLateCancellations(given, known.lines ?? [], lines) : given;
      const { rows, isWhole, overwritten } = await updateLines(lineContext, open);
      answers.push(...rows);
      if (cancels) await this.cancelItems(lineContext, given);
      // The answers show every row as it is now, unless others were inserted or changed as well.
      const entity = isWhole && !cancels ? withWrittenRows(known, answers) : await reader.read(id);
      return {
        entity,
        dropped: [...droppedFields(body, entity.record), ...droppedLineFields(given, lines, entity.lines ?? [])],
        ...overwrittenFields(lost, overwritten, lines),
      };
    } catch (error) {
      throw this.asHalfDone(error);
    }
  }

  /** Part of the write may be done although the partner does not show it yet: look at the record before trying again. */
  private asHalfDone(error: unknown): unknown {
    return error instanceof PartnerError && (error.retry || isAbsent(error)) ? halfDone(error) : error;
  }

  /** Completes a create: lines, their named values, and for ordered requests the reference and the ids of the items. */
  private async complete(id: string, fields: Record<string, Json>, reference: string): Promise<WriteResult> {
    const { lines, reader } = this.options;
    const given = lineInputs(fields, lines);
    try {
      const lineContext = this.lineContext(await reader.read(id));
      if (lines.creation === 'order') await this.writeReferences(lineContext, fields, given, reference);
      else await completeLines(lineContext, given);
      const entity = await reader.read(id);
      const body = this.headerOf(fields, reference);
      if (lines.creation === 'insert') delete body.correlation_id; // not every instance has it there
      const expected = given.map((line) =>
        lines.creation === 'order' ? { ...line, variables: { ...(line.variables as object), correlation_id: reference } } : line,
      );
      return {
        entity,
        dropped: [...droppedFields(body, entity.record), ...droppedLineFields(expected, lines, entity.lines ?? [])],
      };
    } catch (error) {
      throw this.asHalfDone(error);
    }
  }

  /** The columns of a new record, with our reference in every column that its table has for it. */
  private headerOf(fields: Record<string, Json>, reference: string): Record<string, Json> {
    const { [LINES_FIELD]: _lines, ...header } = fields;
    const carried = Object.fromEntries(referenceColumns(this.options.table).map((column) => [column, reference]));
    return rowBody({ ...header, ...carried });
  }

  private lineContext(entity: ServiceNowEntity): LineContext {
    const { api, lines, entityType, integrationUser } = this.options;
    return { api, table: lines, entityType, entity, ...(integrationUser && { integrationUser }) };
  }

  private async idOf(reference: string): Promise<string | undefined> {
    const { api, table, entityType, lines } = this.options;
    const found = await findByReference(api, table, entityType, reference);
    if (found) return columnText(found.sys_id);
    if (lines.creation !== 'order') return undefined;
    const { values } = lines;
    const parent = `${values.line}.${lines.parent}`;
    const rows = await queryTable(
      api,
      values.table,
      `${values.value}=${queryValue(reference)}`,
      say`look up ${entityType} by ${reference}`,
      100,
      { sysparm_fields: `sys_id,${values.value},${parent}` },
      oneOf(values.value, [reference]),
    );
    const [id, another] = [...new Set(rows.map((row) => columnText(row[parent])))].filter(Boolean);
    if (!another) return id;
    throw new SwitchboardError('SWB_WRONG_ENTITY', say`Items of several requests carry our reference ${reference}.`, {
      where: api.name,
      hint: say`Cancel the copies and clear their variable correlation_id, then replay.`,
    });
  }

  /**
   * Marks a request that the catalogue created as ours: writes our reference into it, and the ids of the order items into its
   * items.
   */
  private async writeReferences(
    lineContext: LineContext,
    fields: Record<string, Json>,
    given: LineInput[],
    reference: string,
  ): Promise<void> {
    const { api, table, entityType, lines } = this.options;
    const { record, lines: rows = [] } = lineContext.entity;
    const carried = columnText(record.correlation_id);
    // The catalogue's answer named a request that belongs to another order: it must not be overwritten.
    if (carried !== '' && carried !== reference)
      throw api.unshown(
        { what: say`create ${entityType}` },
        say`the response is ${columnText(record.number)}, which carries the reference ${carried}`,
      );
    const free = rows.filter((row) => !columnText(row[lines.id]));
    const named = rows.filter((row) => columnText(row[lines.id]));
    const lacking = given.filter((line) => !lineOf(named, lines, columnText(line[lines.id])));
    for (const [line, row] of matchRequestedItems(free, lacking, api.name)) {
      const what = say`write the item id of ${entityType} (${lines.table})`;
      await changeRow(api, lines.table, columnText(row.sys_id), rowBody({ [lines.id]: line[lines.id] ?? '' }), what);
    }
    // Last, because the reference says that nothing is left to do, and once, because people work on the request from then on.
    if (columnText(record.correlation_id) !== reference)
      await changeRow(api, table, columnText(record.sys_id), this.headerOf(fields, reference), say`update ${entityType}`);
  }

  private async cancelItems({ api, entityType, entity }: LineContext, given: LineInput[]): Promise<void> {
    const { lines } = this.options;
    const withState = new Set(given.filter((line) => line.state !== undefined).map((line) => columnText(line[lines.id])));
    for (const [row, id] of itemIds(entity.lines ?? [], lines)) {
      if (!isOpenItem(row) || withState.has(id)) continue;
      await changeRow(
        api,
        lines.table,
        columnText(row.sys_id),
        CANCELLED_ITEM,
        say`cancel an item of ${entityType} (${lines.table})`,
      );
    }
  }
}

/** As fields of a write, which would put it back. */
function overwrittenFields(
  header: Overwritten | undefined,
  ofLines: ReadonlyMap<string, Overwritten>,
  { id }: LineTable,
): Pick<WriteResult, 'overwritten'> {
  if (!header && ofLines.size === 0) return {};
  const rows = [...ofLines].filter(([, { columns }]) => Object.keys(columns).length > 0);
  const lines = rows.map(([item, { columns }]) => ({ [id]: item, ...columns }));
  const fields: Record<string, Json> = { ...header?.columns, ...(lines.length > 0 && { [LINES_FIELD]: lines }) };
  const isUnknown = [header, ...ofLines.values()].some((one) => one?.isKnown === false);
  if (Object.keys(fields).length === 0 && !isUnknown) return {};
  const unknown = say`Somebody else saved the record at the moment of this write. Whether a state of theirs was replaced cannot be seen, because its audit (sys_audit) is empty. Grant the integration user the role audit_viewer.`;
  return { overwritten: { fields, ...(isUnknown && { unknown }) } };
}
