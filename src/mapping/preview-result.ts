import type { Json } from '../model/message.js';
import type { Problem, Trace } from './mapping.js';

/** The two tables of rules in a mapping. */
export type Table = 'order' | 'items';

/** A rule by its table and index. */
export interface RuleRef {
  table: Table;
  rule: number;
}

/** The rule that made a field of the result. */
export interface Mark extends RuleRef {
  source: string[];
  kind: Trace[string]['kind'];
  row?: number;
}

export interface PreviewProblem extends Problem {
  /** The place in the result where it shows: a key as in `Preview.marks`, even if there is no value. */
  at?: string;
  rule?: RuleRef;
}

export interface Preview {
  /** Generic fields (`in`) or the partner's payload (`out`). */
  result: Record<string, Json>;
  /** By the place of a value in the result: names and positions separated by `/`. */
  marks: Record<string, Mark>;
  problems: PreviewProblem[];
  /** The record (`in`) or message (`out`) that it was made from, unwrapped. */
  sample: Record<string, Json>;
}
