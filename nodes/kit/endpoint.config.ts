import type { CarryRule, FieldRule } from '../../src/conversation/ownership.js';
import { defaultsOf, type EndpointForm, type Settings, type SystemForm } from '../../src/endpoints/form.js';
import { fieldsOf } from '../../src/endpoints/sign-in.js';
import type { Side } from '../../src/model/message.js';

/** Settings that every endpoint config node has, whatever its system; those of the system itself stand beside them. Numbers are kept as text so that `${ENV}` works in them. */
export interface EndpointConfig {
  name: string;
  /** Id of the switchboard-store config node. */
  store: string;
  baseUrl: string;
  /** Id of a way to sign in. */
  auth: string;
  /** Header that carries the API key. */
  apiKeyHeader: string;
  tokenUrl: string;
  scope: string;
  /** Id of Node-RED's tls-config, for mutual TLS or a private CA. */
  tls: string;
  /** Seconds. */
  timeout: string;
  /** Requests per second; 0 = no limit. */
  rateLimit: string;
  /** Requests at the same time. */
  concurrency: string;
  /** Tries before a delivery becomes a dead letter. */
  maxTries: string;
  /** Seconds before the first retry; doubles with each further one, up to five minutes. */
  retryDelay: string;
  /** Seconds that a lost answer is looked up before anything is written again. */
  settling: string;
  /** Whose system it is; empty = as systems of its kind are used. */
  side: '' | Side;
  /** What becomes here of comments that were edited, and of what was deleted, elsewhere. */
  edits: CarryRule;
  deletions: CarryRule;
  /** By generic field, whose word counts here; any other is `newest`. */
  fieldRules: Record<string, FieldRule>;
  /** The user we write as, as the partner shows it; empty = the user name of the credentials. */
  integrationUser: string;
}
/** By field of the way to sign in. */
export type EndpointCredentials = Record<string, string | undefined>;

/** How Node-RED keeps them: texts are shown again, passwords are not. */
export function credentialsOf({ signIn }: EndpointForm): Record<string, { type: 'text' | 'password' }> {
  const kept = fieldsOf(signIn).filter((field) => field.kept !== 'setting');
  return Object.fromEntries(kept.map(({ name, kept }) => [name, { type: kept === 'secret' ? 'password' : 'text' }]));
}

const USUAL: EndpointConfig = {
  name: '',
  store: '',
  baseUrl: '',
  auth: 'basic',
  apiKeyHeader: 'x-api-key',
  tokenUrl: '',
  scope: '',
  tls: '',
  timeout: '30',
  rateLimit: '0',
  concurrency: '8',
  maxTries: '12',
  retryDelay: '2',
  settling: '120',
  side: '',
  edits: 'note',
  deletions: 'nothing',
  fieldRules: {},
  integrationUser: '',
};

/** Type of the config node of a system. */
export function endpointType({ endpoint }: SystemForm): string {
  return `switchboard-${endpoint.node}`;
}

/** Settings of a new endpoint. */
export function endpointDefaults(form: EndpointForm): EndpointConfig & Settings {
  return { ...USUAL, auth: form.signIn[0]?.id ?? 'none', ...defaultsOf(form) };
}
