import type { CircuitState } from './circuit.js';
import type { Suspension } from './suspension.js';

/**
 * How the sending to an endpoint stands. down: nothing is sent until a probe gets through. strange: as down, but the partner answers, only
 * not what it was asked. suspended: a person stopped it.
 */
export type EndpointState = 'up' | 'down' | 'strange' | 'suspended';

/** A part of WorkerStatus, whose file an editor file cannot compile against. */
interface Sending {
  circuit: CircuitState;
  strange: boolean;
  suspended?: Suspension;
}

export function endpointState({ suspended, circuit, strange }: Sending): EndpointState {
  if (suspended) return 'suspended';
  if (circuit !== 'open') return 'up';
  return strange ? 'strange' : 'down';
}
