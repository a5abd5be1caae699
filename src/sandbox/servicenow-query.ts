/** A row of a table: every value is text. */
export type Row = { sys_id: string } & Record<string, string>;

type RowTest = (row: Row) => boolean;

const OPERATORS: [RegExp, (value: string, operand: string) => boolean][] = [
  [/^([\w.]+)ISEMPTY$/, (v) => v === ''],
  [/^([\w.]+)ISNOTEMPTY$/, (v) => v !== ''],
  [/^([\w.]+)STARTSWITH(.*)$/s, (v, o) => v.startsWith(o)],
  [/^([\w.]+)ENDSWITH(.*)$/s, (v, o) => v.endsWith(o)],
  [/^([\w.]+)LIKE(.*)$/s, (v, o) => v.includes(o)],
  [/^([a-z_0-9.]+)IN(.*)$/s, (v, o) => o.split(',').includes(v)],
  [/^([\w.]+)!=(.*)$/s, (v, o) => v !== o],
  [/^([\w.]+)>=(.*)$/s, (v, o) => v >= o],
  [/^([\w.]+)<=(.*)$/s, (v, o) => v <= o],
  [/^([\w.]+)>(.*)$/s, (v, o) => v > o],
  [/^([\w.]+)<(.*)$/s, (v, o) => v < o],
  [/^([\w.]+)=(.*)$/s, (v, o) => v === o],
];

/** The columns a query may use, including those of referenced rows, and their values. */
export interface Columns {
  has(path: string): boolean;
  read(row: Row, path: string): string;
}

export interface Query {
  matches: RowTest;
  compare: (a: Row, b: Row) => number;
  /** Values of a `field=value` or `fieldINvalue,value` condition, for use of an index. */
  oneOf?: { field: string; values: string[] };
}

/**
 * An encoded query (ServiceNow, operators for filters): ^ and, ^OR, ^NQ, ORDERBY, ORDERBYDESC. As on a real instance, an invalid
 * clause, or one with an unknown column, is ignored and the rest is applied.
 */
export function parseQuery(text: string, columns: Columns): Query {
  const orders: { field: string; sign: number }[] = [];
  let oneOf: Query['oneOf'];
  const groups = text.split('^NQ').map((group) => {
    const all: RowTest[][] = [];
    for (const clause of group.split(/\^(?!NQ)/)) {
      const order = /^ORDERBY(DESC)?([\w.]+)$/.exec(clause);
      if (order) {
        orders.push({ field: order[2] ?? '', sign: order[1] ? -1 : 1 });
        continue;
      }
      const either = clause.startsWith('OR');
      const test = parseClause(either ? clause.slice(2) : clause, columns);
      if (!test) continue;
      if (either && all.length) all.at(-1)?.push(test.test);
      else {
        all.push([test.test]);
        oneOf ??= test.oneOf;
      }
    }
    return all;
  });
  const matches: RowTest = (row) => groups.some((all) => all.every((any) => any.some((test) => test(row))));
  const compare = (a: Row, b: Row) => {
    for (const { field, sign } of orders) {
      const [x, y] = [columns.read(a, field), columns.read(b, field)];
      if (x !== y) return x < y ? -sign : sign;
    }
    return 0;
  };
  const single = groups.length === 1 && !text.includes('^OR');
  return { matches, compare, ...(single && oneOf && { oneOf }) };
}

function parseClause(clause: string, columns: Columns): { test: RowTest; oneOf?: Query['oneOf'] } | undefined {
  for (const [pattern, compare] of OPERATORS) {
    const found = pattern.exec(clause);
    const field = found?.[1];
    if (!field || !columns.has(field)) continue;
    const operand = found?.[2] ?? '';
    const values =
      clause === `${field}=${operand}` ? [operand] : clause === `${field}IN${operand}` ? operand.split(',') : undefined;
    return { test: (row) => compare(columns.read(row, field), operand), ...(values && { oneOf: { field, values } }) };
  }
  return undefined;
}
