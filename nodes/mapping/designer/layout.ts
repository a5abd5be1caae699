import type { CatalogField } from '../../../src/mapping/catalog/field.js';
import type { Direction, Rule } from '../../../src/mapping/mapping.js';

export interface PlacedField {
  path: string;
  row: number;
  /** What is known about it; only its path where it is unknown. */
  field: CatalogField;
  mapped: boolean;
}

export interface PlacedRule {
  index: number;
  row: number;
  /** Rows of its fields on both sides. */
  partner: number[];
  generic: number;
}

export interface Layout {
  partner: PlacedField[];
  generic: PlacedField[];
  rules: PlacedRule[];
  /** The first row below the rules: the fields from here on are not mapped. */
  below: number;
  rows: number;
}

export interface Filter {
  /** Shows only rules of this direction. */
  direction?: Direction;
  search?: string;
}

/**
 * The positions on the board. Each rule has a row, and its fields go beside it unless they already have a row, so that nearly all
 * lines are horizontal, however many rules there are. Fields without rules come below.
 */
export function layout(rules: Rule[], partner: CatalogField[], generic: CatalogField[], filter: Filter = {}): Layout {
  const left = new Side(partner);
  const right = new Side(generic);
  const placed: PlacedRule[] = [];
  let row = 0;
  rules.forEach((rule, index) => {
    const fields = [rule.field].flat();
    if (filter.direction && rule.direction && rule.direction !== filter.direction) return;
    if (
      filter.search &&
      ![...fields.map((path) => left.known(path)), right.known(rule.generic)].some((one) => matches(one, filter.search))
    )
      return;
    const start = row;
    let next = start;
    const rows = fields.filter(Boolean).map((path) => left.place(path, () => next++));
    const own = rule.generic ? right.place(rule.generic, () => start) : -1;
    placed.push({ index, row: start, partner: rows, generic: own });
    row = Math.max(start + 1, next);
  });
  const below = row;
  const rows = Math.max(left.rest(below, filter.search), right.rest(below, filter.search));
  return { partner: left.placed, generic: right.placed, rules: placed, below, rows };
}

/** Whether a field's name, description or values contain the search text. */
export function matches(field: CatalogField, search: string | undefined): boolean {
  const wanted = search?.trim().toLowerCase();
  if (!wanted) return true;
  const values = (field.values ?? []).flatMap(({ value, label = '' }) => [value, label]);
  return [field.path, field.description, ...values].some((text) => text.toLowerCase().includes(wanted));
}

class Side {
  readonly placed: PlacedField[] = [];
  private readonly rows = new Map<string, number>();
  private readonly byPath: Map<string, CatalogField>;

  constructor(private readonly fields: CatalogField[]) {
    this.byPath = new Map(fields.map((field) => [field.path, field]));
  }

  known(path: string): CatalogField {
    const whole = this.fields.some((field) => field.path.startsWith(`${path}.`));
    return this.byPath.get(path) ?? { path, type: whole ? 'object' : 'text', description: '' };
  }

  /** The row of a field; a field without one gets the next row. */
  place(path: string, next: () => number): number {
    const known = this.rows.get(path);
    if (known !== undefined) return known;
    const row = next();
    this.rows.set(path, row);
    this.placed.push({ path, row, field: this.known(path), mapped: true });
    return row;
  }

  /** Places the fields without rules; returns the number of rows. */
  rest(from: number, search: string | undefined): number {
    let row = from;
    for (const field of this.fields) {
      if (this.rows.has(field.path) || !matches(field, search)) continue;
      this.placed.push({ path: field.path, row: row++, field, mapped: false });
    }
    return row;
  }
}
