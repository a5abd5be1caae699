import { flatRow, type ServiceNowEntity } from './parse.js';
import { columnText, type Row } from './row.js';

/**
 * An entity after rows of it were written: as read before, with the rows as the answers show them, which spares reading all of it
 * again. What anybody else changed since the read is not in it, and neither is that change's version: it is reported by itself. Pure.
 */
export function withWrittenRows(entity: ServiceNowEntity, answers: readonly Row[]): ServiceNowEntity {
  const byId = new Map(answers.map((row) => [columnText(row.sys_id), row]));
  const header = byId.get(columnText(entity.record.sys_id));
  return {
    ...entity,
    record: header ? flatMerged(entity.record, header) : entity.record,
    ...(entity.lines && { lines: entity.lines.map((line) => merged(line, byId.get(columnText(line.sys_id)) ?? {})) }),
  };
}

/** Only columns with another value change: an answer to a write need not have the display values that were read. */
function merged(before: Row, answer: Row): Row {
  const changed = Object.entries(answer).filter(([name, value]) => columnText(value) !== columnText(before[name]));
  return { ...before, ...Object.fromEntries(changed) };
}

function flatMerged(before: Row, answer: Row): Row {
  const changed = Object.entries(answer).filter(([name, value]) => columnText(value) !== columnText(before[name]));
  const stale = new Set(changed.map(([name]) => `${name}_name`));
  const kept = Object.entries(before).filter(([name]) => !stale.has(name));
  return { ...Object.fromEntries(kept), ...flatRow(Object.fromEntries(changed)) };
}
