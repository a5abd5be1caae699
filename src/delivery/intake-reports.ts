/** How an in node receives changes, and whether they arrive. Times are ISO 8601. */
export interface IntakeReport {
  /** The in node. */
  node: string;
  name: string;
  /** Id of the endpoint whose changes it receives. */
  endpoint: string;
  poll?: IntakePoll;
  hub?: IntakeHub;
  /** Present while a former secret is accepted beside the current one. */
  formerSecret?: FormerSecretUse;
}

/** Whether a partner still uses a former secret: one that has not been used for long can be removed. */
export interface FormerSecretUse {
  /** Since when its use has been observed: the start of the in node, or the renewal of the secret. */
  since: string;
  after: 'start' | 'renewal';
  /** Absent: not since then. */
  lastUsed?: string;
}

export interface IntakePoll {
  /** Milliseconds between polls. */
  interval: number;
  /** The last successful poll; absent before the first. */
  last?: string;
}

export interface IntakeHub {
  /** False: not registered, or it is not known whether the registration took effect. */
  registered: boolean;
  since?: string;
  lastEvent?: string;
  /** When the partner last confirmed the registration. */
  checked?: string;
}

/** Polls that are missing until a poll counts as overdue; and at least so many milliseconds. */
const MISSED_POLLS = 3;
const MIN_OVERDUE = 60_000;

/** How the in nodes of one store receive changes. */
export class IntakeReports {
  private readonly reports = new Map<string, IntakeReport & { begun: number }>();

  constructor(private readonly clock: () => number) {}

  begin(report: IntakeReport): void {
    this.reports.set(report.node, { ...report, begun: this.clock() });
  }

  end(node: string): void {
    this.reports.delete(node);
  }

  get(node: string): IntakeReport | undefined {
    return this.reports.get(node);
  }

  polled(node: string): void {
    const { poll } = this.reports.get(node) ?? {};
    if (poll) poll.last = new Date(this.clock()).toISOString();
  }

  /** A former secret is accepted from now on, after this; undefined: no more. */
  formerSecret(node: string, after: FormerSecretUse['after'] | undefined): void {
    const report = this.reports.get(node);
    if (report) report.formerSecret = after && { since: new Date(this.clock()).toISOString(), after };
  }

  /** A request came with the former secret. */
  formerSecretUsed(node: string): void {
    const { formerSecret } = this.reports.get(node) ?? {};
    if (formerSecret) formerSecret.lastUsed = new Date(this.clock()).toISOString();
  }

  /** What is known of the node's registration at a hub. */
  hub(node: string, hub: IntakeHub): void {
    const report = this.reports.get(node);
    if (report) report.hub = hub;
  }

  /** Those of an endpoint; `overdue`: a poll has not succeeded for several intervals. */
  of(endpoint: string): (IntakeReport & { overdue: boolean })[] {
    const now = this.clock();
    return [...this.reports.values()]
      .filter((report) => report.endpoint === endpoint)
      .map(({ begun, ...report }) => {
        const { interval, last } = report.poll ?? {};
        const since = now - (last ? Date.parse(last) : begun);
        return { ...report, overdue: interval !== undefined && since > Math.max(MIN_OVERDUE, interval * MISSED_POLLS) };
      });
  }
}
