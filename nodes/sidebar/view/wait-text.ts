import type { DeliveryRow } from '../views.js';
import type { Backend } from './backend.js';

/** What a delivery waits for, as text. */
export function waitText({ waitsFor, endpoint }: DeliveryRow, t: Backend['t']): string {
  if (!waitsFor) return '';
  return Array.isArray(waitsFor)
    ? waitsFor
        .map(({ leg, states }) => t('waits.leg', { leg, states: states.map((one) => t(`entityState.${one}`)).join(', ') }))
        .join(' ')
    : t(`waits.${waitsFor}`, { endpoint });
}
