/** Why the flows do not run, as text; undefined while they run. */
let stopped: string | undefined;

/** Notes that the flows run (undefined), or why they do not. */
export function setFlowsStopped(reason: string | undefined): void {
  stopped = reason;
}

/** Why the flows do not run; undefined while they run. */
export function flowsStopped(): string | undefined {
  return stopped;
}
