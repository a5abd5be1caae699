import type { Conversations } from '../conversation/conversations.js';
import type { PartyRules } from '../conversation/ownership.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import type { Store } from '../store/store.js';
import type { EntityAges } from './entity-ages.js';
import type { IdentityGuard } from './identity-guard.js';
import type { Spool } from './spool.js';

export interface SendContext {
  store: Store;
  conversations: Conversations;
  client: EndpointClient;
  /** Client of another endpoint, to fetch an attachment from. */
  endpoint: (id: string) => EndpointClient | undefined;
  guard: IdentityGuard;
  spool: Spool;
  /** Longest time for fetching a file, milliseconds. */
  fileDeadline: number;
  /** Runs the part of a try in which the partner gets nothing yet: nobody needs to wait for its end. */
  beforeWrite<T>(delivery: string, work: () => Promise<T>): Promise<T>;
  /** The endpoint is closing: what could take long is ended. */
  closing: AbortSignal;
  /** The rules for the party at an endpoint. */
  rules: (endpoint: string) => PartyRules;
  ids: () => string;
  clock: () => number;
  /** Settling time, milliseconds. */
  settling: number;
  /** Minimum ages of entities, by id. */
  ages: EntityAges;
  /** Remaining settling time of the delivery, milliseconds. */
  lookLeft: () => number;
  /** To be called before a write in doubt is sent again, because from then on another answer may be lost. */
  beforeResend: () => Promise<void>;
}
