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
  /** Client of the endpoint an attachment is fetched from. */
  endpoint: (id: string) => EndpointClient | undefined;
  guard: IdentityGuard;
  spool: Spool;
  /** How the party at an endpoint is dealt with. */
  rules: (endpoint: string) => PartyRules;
  ids: () => string;
  clock: () => number;
  /** Milliseconds. */
  settling: number;
  /** Of entities that were created here, by id. */
  ages: EntityAges;
  /** Milliseconds for which the partner is still only looked at. */
  lookLeft: () => number;
  /** To be called before something in doubt is written once more: from then on another answer may be lost. */
  writesAgain: () => Promise<void>;
}
