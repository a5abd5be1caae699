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
  /** Below the base URL; default: the standard path of the version or profile. */
  apiPath?: string;
  arrayMode: ArrayMode;
  /** A provider that refuses PATCH (405, 501) gets whole resources by PUT, on condition that they are unchanged (ETag). */
  putsWhole?: boolean;
  integrationUser?: string;
  clock: () => number;
}

/** What the clients of all TM Forum APIs offer in addition to an endpoint client. */
export interface TmfClient extends EndpointClient, EventHub {
  find: NonNullable<EndpointClient['find']>;
  readonly version: Version;
  readonly profile: Profile;
  readonly hub: EventHub;
}

/** The path of the API below the base URL. */
export function basePath({ apiPath }: Pick<TmfOptions, 'apiPath'>, dialect: TmfDialect): string {
  return `/${(apiPath || dialect.apiPath).replace(/^\/+|\/+$/g, '')}`;
}

/** ServiceNow appends the entries of a PATCH to its lists. */
export function arrayModeOf({ profile, arrayMode }: Pick<TmfOptions, 'profile' | 'arrayMode'>): ArrayMode {
  return profile === 'servicenow' ? 'append' : arrayMode;
}
