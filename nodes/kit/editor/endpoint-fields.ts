import type { EndpointConfig } from '../endpoint.config.js';
import { address, number, text, when } from './validate.js';

/** The settings that the dialogs of all endpoints have, with their defaults and what is allowed. */
export function endpointFields<Config extends EndpointConfig>(defaults: Config) {
  return {
    name: { value: defaults.name },
    store: { value: defaults.store, type: 'switchboard-store', required: true },
    baseUrl: { value: defaults.baseUrl, validate: address<Config>() },
    auth: { value: defaults.auth },
    apiKeyHeader: { value: defaults.apiKeyHeader, validate: when<Config>((node) => node.auth === 'apiKey', text()) },
    tokenUrl: {
      value: defaults.tokenUrl,
      validate: when<Config>((node) => node.auth.startsWith('oauth'), address({ orPath: true })),
    },
    scope: { value: defaults.scope },
    tls: { value: defaults.tls, type: 'tls-config', required: false },
    timeout: { value: defaults.timeout, validate: number<Config>({ from: 1, to: 600 }) },
    rateLimit: { value: defaults.rateLimit, validate: number<Config>({ from: 0 }) },
    concurrency: { value: defaults.concurrency, validate: number<Config>({ from: 1, to: 64 }) },
    maxTries: { value: defaults.maxTries, validate: number<Config>({ from: 1, to: 1000 }) },
    settling: { value: defaults.settling, validate: number<Config>({ from: 0, to: 86_400, optional: true }) },
    retryDelay: { value: defaults.retryDelay, validate: number<Config>({ from: 0, to: 300 }) },
    side: { value: defaults.side },
    edits: { value: defaults.edits },
    deletions: { value: defaults.deletions },
    fieldRules: { value: defaults.fieldRules },
    integrationUser: { value: defaults.integrationUser },
  };
}
