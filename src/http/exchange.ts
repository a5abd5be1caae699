/** One request to a partner and its answer, for display: secrets masked, bodies truncated. */
export interface Exchange {
  /** ISO time. */
  at: string;
  /** Milliseconds. */
  took: number;
  method: string;
  url: string;
  sent: { headers: Record<string, string>; body?: string };
  /** Absent if there was no answer. */
  got?: { status: number; headers: Record<string, string>; body?: string };
  /** Why there was no answer. */
  error?: string;
}
