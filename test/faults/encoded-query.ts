/** A ServiceNow row: all values are text. */
export type Row = Record<string, string>;

/**
 * An encoded query: conditions joined by ^, alternatives by ^OR, and ORDERBY. Columns may be dot-walked, if the rows have them.
 * Rows that the order does not determine keep their order, or are `shuffled`.
 */
export function select(rows: Row[], encoded: string, shuffled = false): Row[] {
  const terms = encoded.split('^').filter(Boolean);
  const order = terms.filter((t) => t.startsWith('ORDERBY'));
  const groups: ((row: Row) => boolean)[][] = [];
  for (const term of terms) {
    if (term.startsWith('ORDERBY')) continue;
    if (term.startsWith('OR')) groups.at(-1)!.push(condition(term.slice(2)));
    else groups.push([condition(term)]);
  }
  const found = rows.filter((row) => groups.every((group) => group.some((holds) => holds(row))));
  if (shuffled) order.push('ORDERBYsys_id');
  for (const term of order.reverse()) {
    const down = term.startsWith('ORDERBYDESC');
    const column = term.slice(down ? 11 : 7);
    const sign = down ? -1 : 1;
    found.sort((a, b) => sign * (a[column]! < b[column]! ? -1 : a[column]! > b[column]! ? 1 : 0));
  }
  return found;
}

function condition(term: string): (row: Row) => boolean {
  const [, column = '', operator = '', operand = ''] =
    /^([a-z_.]+)(>=|<=|!=|=|>|<|IN|STARTSWITH|ISNOTEMPTY|ISEMPTY)(.*)$/s.exec(term) ?? [];
  if (!column) throw new Error(`This instance does not know the condition ${term}`);
  const wanted = /^javascript:.*'([\d-]+)','([\d:]+)'/.exec(operand)?.slice(1).join(' ') ?? operand;
  const compare = OPERATORS[operator]!;
  return (row) => compare(row[column] ?? '', wanted);
}

const OPERATORS: Record<string, (value: string, wanted: string) => boolean> = {
  '=': (value, wanted) => value === wanted,
  '!=': (value, wanted) => value !== wanted,
  '>': (value, wanted) => value > wanted,
  '<': (value, wanted) => value < wanted,
  '>=': (value, wanted) => value >= wanted,
  '<=': (value, wanted) => value <= wanted,
  IN: (value, wanted) => wanted.split(',').includes(value),
  STARTSWITH: (value, wanted) => value.startsWith(wanted),
  ISEMPTY: (value) => value === '',
  ISNOTEMPTY: (value) => value !== '',
};
