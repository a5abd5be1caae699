import type { Json } from '../model/message.js';
import type { Hint, RawEntity } from './endpoint.js';

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
  /** What an event is about. `path`: what follows the callback. Throws SWB_PAYLOAD when it is no event of this API, or is about nothing. */
  hintOf(event: unknown, path: string): Promise<Hint>;
  /** The entity an event reported, with the event: read back, unless the event says that it is gone. */
  readForEvent(entityType: string, id: string, event: Json): Promise<RawEntity>;
  /** How an event is acknowledged. `id`: of the subscriber; `callback`: the path the event came to. */
  acknowledgement(id: string, callback: string): { status: number; body?: unknown };
}
