import type { ConversationQueue } from '../../src/conversation/conversation-queue.js';
import type { Flows } from '../../src/delivery/flows.js';
import type { WorkerStatus } from '../../src/delivery/worker.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import type { People } from '../../src/privacy/people.js';
import type { Store } from '../../src/store/store.js';

/** The part of a broker that the views read. */
export interface BrokerAccess {
  id: string;
  store: Store;
  client(endpoint: string): Pick<EndpointClient, 'parse'> | undefined;
  worker(endpoint: string): { status: WorkerStatus } | undefined;
  inbox?: { isAttached(queue: string): boolean; flows: Pick<Flows, 'placeOf'> };
  conversationQueue?: Pick<ConversationQueue, 'before'>;
  people?: People;
  unmapped?: { list(): Promise<unknown[]> };
}

/** Returns the name of an endpoint or node. */
export type NameOf = (id: string) => string;
