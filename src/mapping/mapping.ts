import type { GenericFields, Json, SystemId } from '../model/message.js';
import type { Problem } from '../model/problem.js';

export type { Problem } from '../model/problem.js';

/**
 * A mapping is data: an ordered table of rules between one system's entity type and the generic model, used in both directions.
 * `in` = partner → generic (normalize), `out` = generic → partner (map).
 */
export type Direction = 'in' | 'out';

/** Types to which a rule can convert its value, in the order of the dialog. */
export const RULE_TYPES = ['text', 'number', 'time', 'characteristics', 'itemRelations', 'prices'] as const;
export type RuleType = (typeof RULE_TYPES)[number];

export interface ValueRow {
  /** The partner's value(s), one per `field`; '*' matches any value when incoming, and is left out when outgoing. */
  partner: string | string[];
  generic: string;
  /** Only this direction; absent = both. For outgoing values, the first row with this generic value counts. */
  direction?: Direction;
}

export interface Rule {
  /**
   * The partner's field, a path as in paths.ts; several fields form one value (incident: state and hold_reason). The first rule
   * that gives a target a value wins, so a later rule is a fallback.
   */
  field: string | string[];
  /**
   * Path in the generic model's `fields`, e.g. `state`, `requester.name`, `custom.site`; for `out` also `entity` and
   * `source.number`.
   */
  generic: string;
  direction?: Direction;
  /** Value map; compared as text, exactly, then case-insensitively. A value without a row is reported, never passed silently. */
  values?: ValueRow[];
  /** The rule applies only where this generic field has one of these values (a resolution is written only when resolving). */
  onlyIf?: { generic: string; is: string[] };
  /** Used where the source has no value, or where a value is not in `values` (which is still reported). */
  default?: { in?: Json; out?: Json };
  /** Fixed value, no source. */
  constant?: Json;
  /** JSONata over the partner's record (`in`) or the generic message (`out`); returns the value. */
  expression?: { in?: string; out?: string };
  /** JSONata over the same; the rule applies only where it is true. */
  when?: { in?: string; out?: string };
  required?: Direction | 'both';
  /**
   * Converts times between the partner's notation and ISO 8601 UTC; `text` and `number` force a scalar; the others are lists, see
   * shapes.ts.
   */
  type?: RuleType;
  /** Outgoing: when the source's field was emptied, the partner's is emptied too. Otherwise an emptied field is not sent. */
  sendEmptied?: true;
  /** Longest text that the partner accepts; longer text is cut with '…' and the whole text reported as a problem of code `cut`. */
  maxLength?: number;
}

/** Rules for each item of an order. `generic` is a path in an item: what is ordered (OrderItem) or its status (ItemProgress). */
export interface ItemsMapping {
  /** The partner's list of items. */
  field: string;
  /** One of the rules must set the `id`. `when` and `expression` see the partner's item (`in`) or the generic one (`out`). */
  rules: Rule[];
}

export interface Mapping {
  name: string;
  system: SystemId;
  /** Dialect of the system that this mapping is written for, where it has several. */
  version?: string;
  entityType: string;
  rules: Rule[];
  items?: ItemsMapping;
  /** How internal comments (work notes) are sent: never (default), as internal comments, or as public ones on purpose. */
  internalComments?: 'drop' | 'internal' | 'public';
}

/** How a system writes what the rules make, where systems differ. */
export interface Notation {
  /** A time, from ISO 8601 UTC. */
  time(iso: string): string;
  /** Objects in lists name their class in `@type`. */
  typed: boolean;
}

/** Times in ISO 8601, objects without classes. */
export const PLAIN_NOTATION: Notation = { time: (iso) => iso, typed: false };

/**
 * Which rule made a target field, from which source, through which value-map row (indexes into the mapping). Targets and sources
 * in items name the item by its id, `items[2].quantity`; their rules are those of `Mapping.items`.
 */
export interface Trace {
  [target: string]: { rule: number; source: string[]; row?: number; kind: 'source' | 'constant' | 'expression' | 'default' };
}

/** A mapping that was applied, with its result's trace. */
export interface AppliedMapping {
  /** Name of the mapping, and the config node that holds it; a preset has no node. */
  mapping: string;
  node?: string;
  trace: Trace;
}

export interface InResult {
  fields: GenericFields;
  /** The paths of generic fields, as `requester.name`, whose fields the partner shows empty, with these fields' names, top level. */
  emptied: Record<string, string[]>;
  /** The partner's fields, top level, that no rule uses and that are kept in `custom` under their own names. */
  carried: string[];
  trace: Trace;
  problems: Problem[];
}

export interface OutResult {
  /** The partner's body, nested along the rules' dotted paths. */
  body: Record<string, Json>;
  /** Top-level names of the body's fields that depend on a changed generic field; all names where nothing was compared. */
  changed: string[];
  /** Top-level names of the body's fields with a default or constant value: they never overwrite what the target has. */
  defaults: string[];
  trace: Trace;
  problems: Problem[];
}
