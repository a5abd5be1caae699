import type { CarryRule, FieldRule } from '../../src/conversation/ownership.js';
import type { FileRule } from '../../src/delivery/file-policy.js';
import { defaultsOf, type EndpointForm, type Settings, type SystemForm } from '../../src/endpoints/form.js';
import { fieldsOf } from '../../src/endpoints/sign-in.js';
import type { Side } from '../../src/model/message.js';

export const PROXY_USES = ['none', 'node'] as const;
/** Empty: the proxy of the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY). */
export type ProxyUse = '' | (typeof PROXY_USES)[number];

/**
 * Settings that every endpoint config node has, in addition to those of its system. Numbers are stored as text so that `${ENV}`
 * works in them.
 */
export interface EndpointConfig {
  name: string;
  /** Id of the switchboard-store config node. */
  store: string;
  /** Absent where the system has no URL. */
  baseUrl?: string;
  /** Id of the authentication method. */
  auth: string;
  /** Settings of authentication methods; absent where no method of the system has them. `apiKeyHeader`: header that carries the API key. */
  apiKeyHeader?: string;
  tokenUrl?: string;
  scope?: string;
  /** Id of Node-RED's tls-config, for mutual TLS or a private CA. */
  tls: string;
  /** Which proxy requests go through. */
  proxyUse: ProxyUse;
  /** Id of Node-RED's `http proxy` config node; used if `proxyUse` is `node`. */
  proxy: string;
  /** Hosts beside the base URL's own that have files of the partner, separated by commas or spaces. */
  allowedHosts: string;
  /** Seconds. */
  timeout: string;
  /** Requests per second; 0 = no limit. */
  rateLimit: string;
  /** Concurrent requests. */
  concurrency: string;
  /** Attempts before a delivery becomes a dead letter. */
  maxTries: string;
  /** Seconds before the first retry; doubles with every retry, up to five minutes. */
  retryDelay: string;
  /** Longest wait in seconds that the partner can ask for with Retry-After. */
  maxRetryAfter: string;
  /** Seconds to look for the record after a lost response, before the write is repeated. */
  settling: string;
  /** Whether the requests of every delivery are stored, not only those that fail. */
  recordTraffic: boolean;
  /** Whether the customer or the provider uses the system; empty = the default of the system. */
  side: '' | Side;
  /** How comments that were edited, and items that were deleted, at other parties are handled here. */
  edits: CarryRule;
  deletions: CarryRule;
  /** Per generic field, which party's value wins here; fields without a rule use `newest`. */
  fieldRules: Record<string, FieldRule>;
  /** Which types of files the party may send and get, and the list that the rule names: extensions and media types. */
  attachments: FileRule;
  attachmentTypes: string;
  /** The largest of these files, megabytes. */
  attachmentMegabytes: string;
  /** Characters of their names; longer ones are shortened. */
  attachmentNameLength: string;
  /** Our user as the partner shows it; empty = the user name of the credentials. */
  integrationUser: string;
}
/** By field of the authentication method. */
export type EndpointCredentials = Record<string, string | undefined>;

/** How Node-RED stores them: texts are shown again, passwords are not. */
export function credentialsOf({ signIn }: EndpointForm): Record<string, { type: 'text' | 'password' }> {
  const kept = fieldsOf(signIn).filter((field) => field.kept !== 'setting');
  return Object.fromEntries(kept.map(({ name, kept }) => [name, { type: kept === 'secret' ? 'password' : 'text' }]));
}

const DEFAULTS: EndpointConfig = {
  name: '',
  store: '',
  auth: 'basic',
  tls: '',
  proxyUse: '',
  proxy: '',
  allowedHosts: '',
  timeout: '30',
  rateLimit: '0',
  concurrency: '8',
  maxTries: '12',
  retryDelay: '2',
  maxRetryAfter: '3600',
  settling: '120',
  recordTraffic: false,
  side: '',
  edits: 'note',
  deletions: 'nothing',
  fieldRules: {},
  attachments: 'all',
  attachmentTypes: '',
  attachmentMegabytes: '250',
  attachmentNameLength: '200',
  integrationUser: '',
};

/** Type of a system's config node. */
export function endpointType({ endpoint }: SystemForm): string {
  return `switchboard-${endpoint.node}`;
}

/** Defaults of the settings of authentication methods, other than ''. */
const SIGN_IN_DEFAULTS: Record<string, string> = { apiKeyHeader: 'x-api-key' };

/** Default settings of an endpoint. */
export function endpointDefaults(form: EndpointForm): EndpointConfig & Settings {
  const ofSignIn = fieldsOf(form.signIn).filter(({ kept }) => kept === 'setting');
  return {
    ...DEFAULTS,
    ...(form.address && { baseUrl: '' }),
    ...Object.fromEntries(ofSignIn.map(({ name }) => [name, SIGN_IN_DEFAULTS[name] ?? ''])),
    auth: form.signIn[0]?.id ?? 'none',
    ...defaultsOf(form),
  };
}
