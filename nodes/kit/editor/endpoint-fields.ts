import type { EndpointForm } from '../../../src/endpoints/form.js';
import { fieldsOf } from '../../../src/endpoints/sign-in.js';
import type { EndpointConfig } from '../endpoint.config.js';
import { address, headerName, hosts, number, text, typesOfFiles, when } from './validate.js';

/** Whether an authentication method needs a field to be filled in. */
export function needsField({ signIn }: EndpointForm, auth: string, name: string): boolean {
  return signIn.find(({ id }) => id === auth)?.fields.some((field) => field.name === name && !field.optional) ?? false;
}

/** Of settings of authentication methods that are more than a text. */
const VALIDATORS: Record<string, Validator<EndpointConfig>> = {
  tokenUrl: address({ orPath: true }),
  apiKeyHeader: headerName(),
};

/** The settings that all endpoints have, with their defaults and validators. */
export function endpointFields(form: EndpointForm, defaults: EndpointConfig) {
  const { address: hasAddress, signIn } = form;
  const signInFields = fieldsOf(signIn)
    .filter(({ kept }) => kept === 'setting')
    .map(({ name }) => {
      const valid = VALIDATORS[name] ?? text<EndpointConfig>();
      const value = (defaults as unknown as Record<string, unknown>)[name] ?? '';
      return [name, { value, validate: when<EndpointConfig>(({ auth }) => needsField(form, auth, name), valid) }];
    });
  return {
    name: { value: defaults.name },
    store: { value: defaults.store, type: 'switchboard-store', required: true },
    ...(hasAddress && { baseUrl: { value: defaults.baseUrl, validate: address<EndpointConfig>() } }),
    auth: { value: defaults.auth },
    ...Object.fromEntries(signInFields),
    tls: { value: defaults.tls, type: 'tls-config', required: false },
    proxyUse: { value: defaults.proxyUse },
    proxy: { value: defaults.proxy, type: 'http proxy', required: false },
    allowedHosts: { value: defaults.allowedHosts, validate: hosts<EndpointConfig>() },
    timeout: { value: defaults.timeout, validate: number<EndpointConfig>({ from: 1, to: 600 }) },
    rateLimit: { value: defaults.rateLimit, validate: number<EndpointConfig>({ from: 0 }) },
    concurrency: { value: defaults.concurrency, validate: number<EndpointConfig>({ from: 1, to: 64 }) },
    maxTries: { value: defaults.maxTries, validate: number<EndpointConfig>({ from: 1, to: 1000 }) },
    settling: { value: defaults.settling, validate: number<EndpointConfig>({ from: 0, to: 86_400, optional: true }) },
    retryDelay: { value: defaults.retryDelay, validate: number<EndpointConfig>({ from: 0, to: 300 }) },
    maxRetryAfter: { value: defaults.maxRetryAfter, validate: number<EndpointConfig>({ from: 0, to: 604_800, optional: true }) },
    recordTraffic: { value: defaults.recordTraffic },
    side: { value: defaults.side },
    edits: { value: defaults.edits },
    deletions: { value: defaults.deletions },
    fieldRules: { value: defaults.fieldRules },
    attachments: { value: defaults.attachments },
    attachmentTypes: {
      value: defaults.attachmentTypes,
      validate: when<EndpointConfig>(({ attachments }) => attachments === 'only' || attachments === 'except', typesOfFiles()),
    },
    attachmentMegabytes: {
      value: defaults.attachmentMegabytes,
      validate: number<EndpointConfig>({ from: 1, to: 2048, optional: true }),
    },
    attachmentNameLength: {
      value: defaults.attachmentNameLength,
      validate: number<EndpointConfig>({ from: 20, to: 255, optional: true }),
    },
    integrationUser: { value: defaults.integrationUser },
  };
}
