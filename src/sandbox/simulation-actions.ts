import { type BehaviourName, type Behaviours, KINDS } from './behaviours.js';
import { FAULT_KINDS, type Faults } from './faults.js';
import { type EventSender, REGISTRATION_FORMS } from './tmf-hub.js';

/* What goes wrong at a desk, and how it behaves, switched by its page and by programs. */

interface Desk {
  faults: Faults;
  behaviours: Behaviours;
}
type Values = Record<string, string>;

/** What is switched on, and what could be. */
export function simulationState({ faults, behaviours }: Desk) {
  return {
    faults: faults.all(),
    behaviours: behaviours.all(),
    choices: Object.fromEntries(KINDS.map((kind) => [kind, behaviours.names(kind)])),
  };
}

export function simulationActions({ faults, behaviours }: Desk): Record<string, (values: Values) => void> {
  return {
    fault: (v) => {
      faults.add({
        kind: oneOf(FAULT_KINDS, v.kind ?? '', 'fault'),
        ...filters(v),
        ...(v.status && { status: Number(v.status) }),
        ...(v.retryAfter && { retryAfter: v.retryAfter }),
        ...(v.delay && { delay: Number(v.delay) }),
      });
    },
    clearFaults: () => faults.clear(),
    behaviour: (v) => {
      behaviours.add({
        name: (v.name ?? '') as BehaviourName, // add() refuses what it does not know
        ...(v.kind && { kind: oneOf(KINDS, v.kind, 'kind of request') }),
        ...filters(v),
        ...(v.ms && { ms: Number(v.ms) }),
      });
    },
    clearBehaviours: () => behaviours.clear(),
  };
}

/** Which requests, and how often. */
function filters({ method, path, times }: Values) {
  return { ...(method && { method }), ...(path && { path }), ...(times && { times: Number(times) }) };
}

function oneOf<T extends string>(known: readonly T[], given: string, what: string): T {
  const found = known.find((one) => one === given);
  if (!found) throw new Error(`«${given}» is no ${what}; there are ${known.join(', ')}.`);
  return found;
}

/** How a provider's hub behaves: `form` of its answers to registrations, `listed`: yes or no. */
export function hubActions(events: EventSender): Record<string, (values: Values) => void> {
  return {
    hub: ({ form, listed }) => {
      if (form) events.form = oneOf(REGISTRATION_FORMS, form, 'form of an answer');
      if (listed) events.listed = listed === 'yes';
    },
    forgetHubs: () => events.forget(),
  };
}
