import type { Json } from '../model/message.js';
import type { PostedEvent } from './posted-events.js';
import type { Hint, RawEntity } from './raw-entity.js';

/** The answer to a registration at a hub. */
export interface RegistrationResult {
  /** Absent: the provider accepted it without saying its id. */
  id?: string;
  /** The provider says that a registration exists already: ours, or the only one it allows. */
  already?: boolean;
}

/** What a provider with a `/hub` offers (TMF630). Anything that is not the hub's own answer is thrown as PartnerError. */
export interface Hub {
  /** The hub's address: a subscription is valid there only. */
  readonly address: string;
  registerHub(callback: string, query?: string): Promise<RegistrationResult>;
  /** Resolves when the registration is certainly gone; false where the provider cannot end one. */
  unregisterHub(id: string): Promise<boolean>;
  /** Does the provider list this registration? Undefined where it does not show registrations. */
  hubExists(id: string): Promise<boolean | undefined>;
  /** Ids of the registrations for this callback; undefined where the provider lists none. */
  hubsOf(callback: string): Promise<string[] | undefined>;
}

/** A hub whose events we receive. */
export interface EventHub extends Hub {
  /** The attributes of its events that hold an entity, or a list of them. */
  readonly resources: readonly string[];
  /**
   * The hint of an event, without an id if only the partner knows which entity it is about. `path`: the part after the callback.
   * Throws SWB_PAYLOAD if it is not an event of this API, or names no entity.
   */
  hintOf(event: PostedEvent, path: string): Hint;
  /** The hint of an event that was stored without an entity; asks the partner where necessary. Rejects as `hintOf` throws. */
  identify(event: PostedEvent): Promise<Hint>;
  /**
   * Reads the entity that an event reported, and adds the event to it. Does not read an entity that was reported as deleted. `known`:
   * what an earlier call returned, if that read shows this event too: it is not repeated.
   */
  readForEvent(entityType: string, id: string, event: Json, known?: RawEntity): Promise<RawEntity>;
  /** The response that acknowledges an event. `id`: the subscriber; `callback`: the path that received the event. */
  acknowledgement(id: string, callback: string): { status: number; body?: unknown };
}
