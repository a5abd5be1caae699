import type { CircuitState } from './circuit.js';
import type { Suspension } from './suspension.js';

/** An endpoint rejects everything: nothing is sent to it or read from it until a check succeeds (access.ts). */
export interface Pause {
  /** ISO 8601. */
  since: string;
  /** The failure of the last check, for people. */
  reason: string;
  /** Time of the next check: by the steady clock, in a WorkerStatus by the wall clock, epoch milliseconds. */
  nextCheck: number;
}

/**
 * Whether deliveries are sent to an endpoint. down: none until a probe succeeds. strange: as `down`, but the partner answers,
 * with invalid answers. paused: the partner rejects everything, so that nothing is read either. suspended: a user suspended the
 * endpoint.
 */
export type EndpointState = 'up' | 'down' | 'strange' | 'paused' | 'suspended';

/** Part of WorkerStatus, repeated here because editor code cannot import worker.ts. */
interface SendingStatus {
  circuit: CircuitState;
  strange: boolean;
  suspended?: Suspension;
  paused?: Pause;
}

export function endpointState({ suspended, paused, circuit, strange }: SendingStatus): EndpointState {
  if (suspended) return 'suspended';
  if (paused) return 'paused';
  if (circuit !== 'open') return 'up';
  return strange ? 'strange' : 'down';
}
