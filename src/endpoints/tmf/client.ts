import type { HttpClient } from '../../http/http.js';
import type { Json } from '../../model/message.js';
import type { EndpointClient, Hint, RawEntity } from '../endpoint.js';
import type { Hub } from '../hub.js';
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
export interface TmfClient extends EndpointClient, Hub {
  readonly version: Version;
  readonly profile: Profile;
  /** What a hub event is about. `path`: what follows the callback. Throws SWB_PAYLOAD when it is no event of this API, or says of nothing. */
  hintOf(event: unknown, path: string): Promise<Hint>;
  /** The entity an event told of, with the event: read back, unless the event says it is gone. */
  readForEvent(entityType: string, id: string, event: Json): Promise<RawEntity>;
}

/** The path of the API below the base URL. */
export function basePath({ apiPath }: Pick<TmfOptions, 'apiPath'>, dialect: TmfDialect): string {
  return `/${(apiPath || dialect.apiPath).replace(/^\/+|\/+$/g, '')}`;
}

/** ServiceNow appends what a PATCH brings. */
export function arrayModeOf({ profile, arrayMode }: Pick<TmfOptions, 'profile' | 'arrayMode'>): ArrayMode {
  return profile === 'servicenow' ? 'append' : arrayMode;
}
