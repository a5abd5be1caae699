import type { TmfInConfig } from '../tmf-in.config.js';
import { tmfInDefaults } from '../tmf-in.config.js';
import { openInvalid, showBy } from './fields.js';
import { addStyle } from './style.js';
import { tmfEndpointField } from './tmf-endpoint-field.js';
import { address, number, when } from './validate.js';

const PREFIX = 'node-input';

/** The settings that the dialogs of the in nodes of all TM Forum APIs have, with their defaults and what is allowed; see tmf-in.html. */
export function tmfInFields(api: 'tmf621' | 'tmf622') {
  const { hub, query, poll, renewInterval, eventLimit, pollInterval } = tmfInDefaults;
  return {
    name: { value: '' },
    endpoint: tmfEndpointField<TmfInConfig>(api),
    hub: { value: hub },
    publicUrl: { value: '', validate: when<TmfInConfig>((node) => node.hub, address({ optional: true })) },
    query: { value: query },
    renewInterval: { value: renewInterval, validate: when<TmfInConfig>((node) => node.hub, number({ from: 1, to: 10080 })) },
    eventLimit: { value: eventLimit, validate: when<TmfInConfig>((node) => node.hub, number({ from: 1 })) },
    poll: { value: poll },
    pollInterval: { value: pollInterval, validate: when<TmfInConfig>((node) => node.poll, number({ from: 1, to: 86400 })) },
  };
}

export function prepareTmfIn(): void {
  addStyle();
  showBy(PREFIX, 'hub');
  showBy(PREFIX, 'poll');
  openInvalid(PREFIX);
}
