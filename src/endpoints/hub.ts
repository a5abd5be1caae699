import type { Json } from '../model/message.js';
import type { Hint, RawEntity } from './endpoint.js';

/** What a registration at a hub was answered. */
export interface Registered {
  /** Absent: the provider took it, and did not say under which id. */
  id?: string;
  /** It says that there is one already: ours, or the only one it takes. */
  already?: boolean;
}

/** What a provider with a `/hub` offers (TMF630). Whatever is no answer of the hub is thrown, as PartnerError. */
export interface Hub {
  /** Where it is: subscriptions count there only. */
  readonly address: string;
  registerHub(callback: string, query?: string): Promise<Registered>;
  /** Resolves when it is surely gone; false where the provider has no way to end one. */
  unregisterHub(id: string): Promise<boolean>;
  /** Does it show this one? Undefined where the provider shows none. */
  hubExists(id: string): Promise<boolean | undefined>;
  /** Ids of those that post to this address, as the provider lists them; undefined where it lists none. */
  hubsOf(callback: string): Promise<string[] | undefined>;
}

/** A hub whose events we receive. */
export interface EventHub extends Hub {
  /** What an event is about. `path`: what follows the callback. Throws SWB_PAYLOAD when it is no event of this API, or is about nothing. */
  hintOf(event: unknown, path: string): Promise<Hint>;
  /** The entity an event reported, with the event: read back, unless the event says that it is gone. */
  readTold(entityType: string, id: string, event: Json): Promise<RawEntity>;
  /** How an event is acknowledged. `id`: of the subscriber; `callback`: the path the event came to. */
  acknowledgement(id: string, callback: string): { status: number; body?: unknown };
}
