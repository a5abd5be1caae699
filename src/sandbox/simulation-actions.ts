import { type BehaviourName, type Behaviours, isOrderBehaviour, KINDS } from './behaviours.js';
import { FAULT_KINDS, type Faults } from './faults.js';
import { type EventSender, REGISTRATION_FORMS } from './tmf-hub.js';

/* Actions that set the faults and behaviours of a desk, for its page and for programs. */

interface Desk {
  faults: Faults;
  behaviours: Behaviours;
}
type Values = Record<string, string>;

/** The active faults and behaviours, and the available choices: by kind of request, and what the vendor makes of orders. */
export function simulationState({ faults, behaviours }: Desk) {
  return {
    faults: faults.all(),
    behaviours: behaviours.all(),
    choices: Object.fromEntries(KINDS.map((kind) => [kind, behaviours.names(kind).filter((name) => !isOrderBehaviour(name))])),
    orderChoices: behaviours.orderNames(),
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
        name: (v.name ?? '') as BehaviourName, // add() rejects unknown names
        ...(v.kind && { kind: oneOf(KINDS, v.kind, 'kind of request') }),
        ...filters(v),
        ...(v.ms && { ms: Number(v.ms) }),
      });
    },
    endBehaviour: (v) => behaviours.remove(v.name ?? ''),
    clearBehaviours: () => behaviours.clear(),
  };
}

/** Which requests are affected, and how many times. */
function filters({ method, path, times }: Values) {
  return { ...(method && { method }), ...(path && { path }), ...(times && { times: Number(times) }) };
}

function oneOf<T extends string>(known: readonly T[], given: string, what: string): T {
  const found = known.find((one) => one === given);
  if (!found) throw new Error(`Unknown ${what} "${given}". Use one of: ${known.join(', ')}.`);
  return found;
}

/** Actions for a provider's hub: `form` sets how it answers registrations, `listed` (yes or no) whether it lists them. */
export function hubActions(events: EventSender): Record<string, (values: Values) => void> {
  return {
    hub: ({ form, listed }) => {
      if (form) events.form = oneOf(REGISTRATION_FORMS, form, 'answer form');
      if (listed) events.listed = listed === 'yes';
    },
    forgetHubs: () => events.forget(),
  };
}
