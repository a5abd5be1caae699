import type { WaitView } from '../views.js';
import type { Backend } from './backend.js';

/** Why something waits, as text. */
export function waitText({ kind, endpoint = '', legs, by, node, behind }: WaitView, t: Backend['t']): string {
  if (kind === 'leg' && legs)
    return legs
      .map(({ leg, states }) => t('waits.leg', { leg, states: states.map((one) => t(`entityState.${one}`)).join(', ') }))
      .join(' ');
  if (kind === 'suspended') return t('waits.suspended', { endpoint, name: by || t('audit.unknownUser') });
  if (kind === 'turn') return t(behind ? 'waits.turn_behind' : 'waits.turn', { number: behind?.number });
  if (kind === 'flow') return t(node ? 'waits.flow_node' : 'waits.flow', { name: node });
  const key = behind?.state ? `${kind}_${behind.state}` : kind;
  return t(`waits.${key}`, { endpoint, name: node, number: behind?.number });
}
