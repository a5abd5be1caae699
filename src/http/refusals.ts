import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { Timer } from '../timer.js';

/** The requests to one path that were refused since the process started. */
export interface RefusalCount {
  path: string;
  refused: number;
  /** Of these, with a wrong secret; and of those, by sources that failed too often. */
  unauthorised: number;
  limited: number;
  /** ISO 8601. */
  last: string;
}

const counts = new Map<string, RefusalCount>();

/** The paths that have refused requests. */
export function refusalCounts(): RefusalCount[] {
  return [...counts.values()];
}

/** Milliseconds that one line is about. */
const SUMMARY = 60_000;
/** Sources that are told apart within one summary. */
const MAX_SOURCES = 1_000;

interface Summary {
  /** Why the first one was refused. */
  reason: string;
  /** Since the last line. */
  refused: number;
  sources: Set<string>;
}

/**
 * Counts and logs the requests to one path that are refused: the first at once, further ones for the same reason in one line a minute,
 * so that nobody can fill the log.
 */
export class Refusals {
  /** By `reasonOf`. */
  private readonly summaries = new Map<string, Summary>();
  private timer: Timer | undefined;

  constructor(
    private readonly path: string,
    private readonly log: (line: string) => void,
    /** Milliseconds. */
    private readonly interval = SUMMARY,
  ) {}

  /** `first`: the line about a refusal that is not the next one of several. */
  add(error: unknown, source: string, first: (reason: string) => string): void {
    const code = error instanceof SwitchboardError ? error.code : '';
    this.count(code, error);
    const key = reasonOf(error);
    const known = this.summaries.get(key);
    if (known) {
      known.refused++;
      if (known.sources.size < MAX_SOURCES) known.sources.add(source);
      return;
    }
    const text = error instanceof Error ? error.message : String(error);
    this.log(`${first(text)} (${source})`);
    const reason = error instanceof SwitchboardError ? error.what : text;
    this.summaries.set(key, { reason, refused: 0, sources: new Set() });
    this.timer ??= new Timer(this.interval, () => this.summarise()).unref();
  }

  /** Logs what has not been logged yet, and stops. */
  close(): void {
    this.timer?.cancel();
    this.summarise();
    this.timer?.cancel();
    this.summaries.clear();
  }

  private count(code: string, error: unknown): void {
    const { path } = this;
    const count = counts.get(path) ?? { path, refused: 0, unauthorised: 0, limited: 0, last: '' };
    count.refused++;
    if (code === 'SWB_UNAUTHORISED') count.unauthorised++;
    if ((error as { status?: number }).status === 429) count.limited++;
    count.last = new Date().toISOString();
    counts.set(path, count);
  }

  private summarise(): void {
    this.timer = undefined;
    for (const [key, summary] of this.summaries) {
      if (summary.refused === 0) {
        this.summaries.delete(key);
        continue;
      }
      this.log(lineOf(this.path, summary));
      this.summaries.set(key, { reason: summary.reason, refused: 0, sources: new Set() });
    }
    if (this.summaries.size > 0) this.timer = new Timer(this.interval, () => this.summarise()).unref();
  }
}

/**
 * What requests have in common that are refused for the same reason: the code and what to do. What happened may quote what a sender
 * wrote, or numbers that differ each time.
 */
function reasonOf(error: unknown): string {
  return error instanceof SwitchboardError ? `${error.code} ${error.hint ?? ''}` : '';
}

function lineOf(path: string, { refused, reason, sources }: Summary): string {
  if (refused === 1) return say`1 more request to /${path} was refused in the last minute: ${reason}`;
  const count = sources.size < MAX_SOURCES ? sources.size : `${MAX_SOURCES}+`;
  const from = count === 1 ? say`1 address` : say`${count} addresses`;
  return say`${refused} more requests to /${path} were refused in the last minute, from ${from}: ${reason}`;
}
