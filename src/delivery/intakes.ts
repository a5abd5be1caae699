/** How an in node receives changes, and whether they arrive. Times are ISO 8601. */
export interface Intake {
  /** The in node. */
  node: string;
  name: string;
  /** Id of the endpoint whose changes it receives. */
  endpoint: string;
  poll?: IntakePoll;
  hub?: IntakeHub;
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
export class Intakes {
  private readonly intakes = new Map<string, Intake & { begun: number }>();

  constructor(private readonly clock: () => number) {}

  begin(intake: Intake): void {
    this.intakes.set(intake.node, { ...intake, begun: this.clock() });
  }

  end(node: string): void {
    this.intakes.delete(node);
  }

  get(node: string): Intake | undefined {
    return this.intakes.get(node);
  }

  polled(node: string): void {
    const { poll } = this.intakes.get(node) ?? {};
    if (poll) poll.last = new Date(this.clock()).toISOString();
  }

  /** What is known of the node's registration at a hub. */
  hub(node: string, hub: IntakeHub): void {
    const intake = this.intakes.get(node);
    if (intake) intake.hub = hub;
  }

  /** Those of an endpoint; `overdue`: a poll has not succeeded for several intervals. */
  of(endpoint: string): (Intake & { overdue: boolean })[] {
    const now = this.clock();
    return [...this.intakes.values()]
      .filter((intake) => intake.endpoint === endpoint)
      .map(({ begun, ...intake }) => {
        const { interval, last } = intake.poll ?? {};
        const since = now - (last ? Date.parse(last) : begun);
        return { ...intake, overdue: interval !== undefined && since > Math.max(MIN_OVERDUE, interval * MISSED_POLLS) };
      });
  }
}
