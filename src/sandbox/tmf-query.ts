import { entries, type TmfRecord } from './tmf-record.js';

/** Parameters that are not filters. */
const RESERVED = new Set(['fields', 'offset', 'limit', 'sort', 'filter', 'before', 'after']);
const OPERATOR = /\.(gte?|lte?|eq|ne|regex)$/;

/**
 * The filter of a query (TMF630, attribute value filtering): attributes by path, AND between parameters, OR between
 * comma-separated or repeated values, operators after a dot. The query of a hub subscription filters events in the same way.
 */
export function filterOf(query: URLSearchParams): (record: TmfRecord) => boolean {
  const names = [...new Set(query.keys())].filter((name) => !RESERVED.has(name));
  const conditions = names.map((name) => {
    const operator = OPERATOR.exec(name)?.[1] ?? 'eq';
    const path = name.replace(OPERATOR, '').split('.');
    const wanted = query.getAll(name).flatMap((value) => (operator === 'regex' ? [value] : value.split(',')));
    return (record: TmfRecord) => {
      const values = valuesAt(record, path).map(String);
      if (operator === 'ne') return wanted.every((one) => !values.includes(one));
      return values.some((value) => wanted.some((one) => matches(operator, value, one)));
    };
  });
  return (record) => conditions.every((condition) => condition(record));
}

function matches(operator: string, value: string, wanted: string): boolean {
  switch (operator) {
    case 'gt':
      return value > wanted;
    case 'gte':
      return value >= wanted;
    case 'lt':
      return value < wanted;
    case 'lte':
      return value <= wanted;
    case 'regex':
      return new RegExp(wanted).test(value);
    default:
      return value === wanted;
  }
}

/** The values at a path; below a list, the values of all its entries. */
function valuesAt(value: unknown, [name, ...rest]: string[]): unknown[] {
  if (Array.isArray(value)) return entries(value).flatMap((entry) => valuesAt(entry, name === undefined ? [] : [name, ...rest]));
  if (name === undefined) return value === undefined || value === null ? [] : [value];
  return typeof value === 'object' && value !== null ? valuesAt((value as TmfRecord)[name], rest) : [];
}
