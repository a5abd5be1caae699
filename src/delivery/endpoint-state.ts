import type { CircuitState } from './circuit.js';
import type { Suspension } from './suspension.js';

/**
 * Whether deliveries are sent to an endpoint. down: none until a probe succeeds. strange: as `down`, but the partner answers,
 * with invalid answers. suspended: a user suspended the endpoint.
 */
export type EndpointState = 'up' | 'down' | 'strange' | 'suspended';

/** Part of WorkerStatus, repeated here because editor code cannot import worker.ts. */
interface SendingStatus {
  circuit: CircuitState;
  strange: boolean;
  suspended?: Suspension;
}

export function endpointState({ suspended, circuit, strange }: SendingStatus): EndpointState {
  if (suspended) return 'suspended';
  if (circuit !== 'open') return 'up';
  return strange ? 'strange' : 'down';
}
