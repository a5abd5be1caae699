import type { CarryRule, FieldRule } from '../../src/conversation/ownership.js';
import type { Side } from '../../src/model/message.js';

/** Settings that every endpoint config node has, whatever its system. Numbers are kept as text so that `${ENV}` works in them. */
export interface EndpointConfig {
  name: string;
  /** Id of the switchboard-store config node. */
  store: string;
  baseUrl: string;
  auth: 'none' | 'basic' | 'bearer' | 'apiKey' | 'oauthClientCredentials' | 'oauthPassword' | 'oauthRefreshToken';
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
export interface EndpointCredentials {
  user?: string;
  password?: string;
  token?: string;
  apiKey?: string;
  clientId?: string;
  clientSecret?: string;
  refreshToken?: string;
}
/** How Node-RED keeps them: texts are shown again, passwords are not. */
export const endpointCredentials: Record<keyof EndpointCredentials, { type: 'text' | 'password' }> = {
  user: { type: 'text' },
  password: { type: 'password' },
  token: { type: 'password' },
  apiKey: { type: 'password' },
  clientId: { type: 'text' },
  clientSecret: { type: 'password' },
  refreshToken: { type: 'password' },
};
export const endpointDefaults: EndpointConfig = {
  name: '',
  store: '',
  baseUrl: '',
  auth: 'basic',
  apiKeyHeader: 'x-sn-apikey',
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
