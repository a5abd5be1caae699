/** A row of ServiceNow: each column as the text that it holds. */
export type Row = Record<string, string>;

/** An encoded query: conditions joined by ^, alternatives by ^OR, and ORDERBY. */
export function select(rows: Row[], encoded: string): Row[] {
  const terms = encoded.split('^').filter(Boolean);
  const order = terms.filter((t) => t.startsWith('ORDERBY'));
  const groups: string[][] = [];
  for (const term of terms) {
    if (term.startsWith('ORDERBY')) continue;
    if (term.startsWith('OR')) groups.at(-1)!.push(term.slice(2));
    else groups.push([term]);
  }
  const found = rows.filter((row) => groups.every((group) => group.some((term) => holds(row, term))));
  for (const term of order.reverse()) {
    const down = term.startsWith('ORDERBYDESC');
    const column = term.slice(down ? 11 : 7);
    const sign = down ? -1 : 1;
    found.sort((a, b) => sign * (a[column]! < b[column]! ? -1 : a[column]! > b[column]! ? 1 : 0));
  }
  return found;
}

function holds(row: Row, term: string): boolean {
  const [, column, operator, operand] = /^([a-z_]+)(>=|<=|!=|=|>|<|IN|STARTSWITH|ISNOTEMPTY|ISEMPTY)(.*)$/s.exec(term) ?? [];
  if (!column) throw new Error(`This instance does not know the condition ${term}`);
  const value = row[column] ?? '';
  const wanted = /^javascript:.*'([\d-]+)','([\d:]+)'/.exec(operand!)?.slice(1).join(' ') ?? operand!;
  switch (operator) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '>':
      return value > wanted;
    case '<':
      return value < wanted;
    case '>=':
      return value >= wanted;
    case '<=':
      return value <= wanted;
    case 'IN':
      return wanted.split(',').includes(value);
    case 'STARTSWITH':
      return value.startsWith(wanted);
    case 'ISEMPTY':
      return value === '';
    default:
      return value !== '';
  }
}
