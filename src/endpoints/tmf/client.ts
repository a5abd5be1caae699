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
  /** Below the base URL; default: the standard path of the version or profile. */
  apiPath?: string;
  arrayMode: ArrayMode;
  integrationUser?: string;
  clock: () => number;
}

/** What the clients of all TM Forum APIs offer in addition to an endpoint client. */
export interface TmfClient extends EndpointClient, Hub {
  readonly version: Version;
  readonly profile: Profile;
  /**
   * The entity that a hub event is about. `path`: what follows the callback URL. Throws SWB_PAYLOAD for an event of another API
   * or about nothing.
   */
  hintOf(event: unknown, path: string): Promise<Hint>;
  /** The entity of an event, together with the event: read back, unless the event says that it was deleted. */
  readForEvent(entityType: string, id: string, event: Json): Promise<RawEntity>;
}

/** The path of the API below the base URL. */
export function basePath({ apiPath }: Pick<TmfOptions, 'apiPath'>, dialect: TmfDialect): string {
  return `/${(apiPath || dialect.apiPath).replace(/^\/+|\/+$/g, '')}`;
}

/** ServiceNow appends the entries of a PATCH to its lists. */
export function arrayModeOf({ profile, arrayMode }: Pick<TmfOptions, 'profile' | 'arrayMode'>): ArrayMode {
  return profile === 'servicenow' ? 'append' : arrayMode;
}
