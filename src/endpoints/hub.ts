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
  /** The hint of an event. `path`: the part after the callback. Throws SWB_PAYLOAD if it is not an event of this API, or names no entity. */
  hintOf(event: unknown, path: string): Promise<Hint>;
  /** Reads the entity that an event reported, and adds the event to it. Does not read an entity that was reported as deleted. */
  readForEvent(entityType: string, id: string, event: Json): Promise<RawEntity>;
  /** The response that acknowledges an event. `id`: the subscriber; `callback`: the path that received the event. */
  acknowledgement(id: string, callback: string): { status: number; body?: unknown };
}
