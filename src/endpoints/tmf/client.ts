import type { HttpClient } from '../../http/http.js';
import type { EndpointClient } from '../endpoint.js';
import type { EventHub } from '../hub.js';
import type { ArrayMode, Profile, TmfDialect, Version } from './dialect.js';

export interface TmfOptions {
  id: string;
  name: string;
  http: HttpClient;
  version: Version;
  profile: Profile;
  /** Below the base URL; the standard one of version or profile where not given. */
  apiPath?: string;
  arrayMode: ArrayMode;
  integrationUser?: string;
  clock: () => number;
}

/** What the clients of all TM Forum APIs have beside what every endpoint has. */
export interface TmfClient extends EndpointClient, EventHub {
  readonly version: Version;
  readonly profile: Profile;
  readonly hub: EventHub;
}

/** The path of the API below the base URL. */
export function basePath({ apiPath }: Pick<TmfOptions, 'apiPath'>, dialect: TmfDialect): string {
  return `/${(apiPath || dialect.apiPath).replace(/^\/+|\/+$/g, '')}`;
}

/** ServiceNow appends what a PATCH brings. */
export function arrayModeOf({ profile, arrayMode }: Pick<TmfOptions, 'profile' | 'arrayMode'>): ArrayMode {
  return profile === 'servicenow' ? 'append' : arrayMode;
}
