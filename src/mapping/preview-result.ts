import type { Json } from '../model/message.js';
import type { Problem, Trace } from './mapping.js';

/** The two tables of rules in a mapping. */
export type Table = 'order' | 'items';

/** A rule by its place. */
export interface RuleRef {
  table: Table;
  rule: number;
}

/** What made a field of the result. */
export interface Mark extends RuleRef {
  source: string[];
  kind: Trace[string]['kind'];
  row?: number;
}

export interface PreviewProblem extends Problem {
  /** Where in the result it shows: a key as in `Preview.marks`, though nothing may stand there. */
  at?: string;
  rule?: RuleRef;
}

export interface Preview {
  /** Generic fields (`in`) or the partner's payload (`out`). */
  result: Record<string, Json>;
  /** By the place of a value in the result: names and positions parted by `/`. */
  marks: Record<string, Mark>;
  problems: PreviewProblem[];
  /** The record (`in`) or message (`out`) it was made of, without what it was wrapped in. */
  sample: Record<string, Json>;
}
