/** One request to a partner and its answer, as a person may see it: secrets masked, bodies cut. */
export interface Exchange {
  /** ISO time. */
  at: string;
  /** Milliseconds. */
  took: number;
  method: string;
  url: string;
  sent: { headers: Record<string, string>; body?: string };
  /** Absent when no answer came. */
  got?: { status: number; headers: Record<string, string>; body?: string };
  /** Why no answer came. */
  error?: string;
}
