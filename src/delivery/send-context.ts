import type { Conversations } from '../conversation/conversations.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import type { PartyRules } from '../conversation/ownership.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import type { PaceLimits } from '../http/pace.js';
import type { Store } from '../store/store.js';
import type { EntityAges } from './entity-ages.js';
import type { FilePolicy } from './file-policy.js';
import type { IdentityGuard } from './identity-guard.js';
import type { Inbox } from './inbox.js';
import type { OrderResults } from './order-results.js';
import type { Spool } from './spool.js';
import type { VirusScanner } from './virus-scanner.js';

export interface SendContext {
  store: Store;
  conversations: Conversations;
  client: EndpointClient;
  /** Client of another endpoint, to fetch an attachment from. */
  endpoint: (id: string) => EndpointClient | undefined;
  guard: IdentityGuard;
  spool: Spool;
  /** The slowest transfer of a file from its source. */
  filePace: PaceLimits;
  /** What files the party at an endpoint may send and get. */
  filePolicy: (endpoint: string) => FilePolicy;
  /** Absent: files are not scanned. */
  scanner?: VirusScanner;
  /** From now on the partner may get something of a file's delivery: until then nobody needs to wait for the end of the try. */
  willWrite(delivery: string): void;
  /** The endpoint is closing: what could take long is ended. */
  closing: AbortSignal;
  /** What results mean for fanned-out orders. */
  orders: OrderResults;
  /** The rules for the party at an endpoint. */
  rules: (endpoint: string) => PartyRules;
  ids: () => string;
  /** An id made when this process began. */
  started: string;
  /** Whether messages about an entity wait that came after a reading of it (inbox.ts). */
  hasNewer: Inbox['hasNewer'];
  clock: () => number;
  /** Settling time, milliseconds. */
  settling: number;
  /** Minimum ages of entities, by id. */
  ages: EntityAges;
  /** Remaining settling time of the delivery, milliseconds. */
  lookLeft: () => number;
  /**
   * The look-up of a write in doubt is over, or needs none: what fails from now on is a write. Until then a failure says nothing of
   * the write that is looked for.
   */
  lookedUp: () => void;
  /** To be called before a write in doubt is sent again, because from then on another answer may be lost. */
  beforeResend: () => Promise<void>;
  /** Stores another request for the delivery, before it is sent: a part of it is not to be sent any more. */
  replaceRequest: (request: EntityRequest) => Promise<void>;
}
