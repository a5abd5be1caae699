import type { Auth, HttpClient } from '../http/http.js';
import type { Catalog } from '../mapping/catalog/field.js';
import type { Mapping, Notation } from '../mapping/mapping.js';
import type { EntityKind, Json } from '../model/message.js';
import type { Problem } from '../model/problem.js';
import type { EndpointClient } from './endpoint.js';
import type { Settings, SystemForm } from './form.js';

/**
 * What a system, as an endpoint of it is set up, can do. Read by the docs table and the contract suite, and by whoever would otherwise have to ask which
 * system it is.
 */
export interface Capabilities {
  /** Ways in which changes reach us. */
  webhook: boolean;
  hub: boolean;
  poll: boolean;
  /** A record is found by our reference; without it a lost answer to a create needs a person's decision. */
  lookUp: boolean;
  attachments: { in: boolean; out: boolean };
  /** Comments that only the party's own people see. */
  internalNotes: { in: boolean; out: boolean };
  /** Records have items, as orders have. */
  items: boolean;
  /** A cancellation is a request of its own, which the partner may refuse. */
  cancel: boolean;
  /** A write can be made to depend on the state that was read. */
  optimisticLock: boolean;
  /** Deleted records are reported, by an event or when they are read. */
  deletes: boolean;
  /** Links between records (parent, child, related) are read, and written. */
  relations: { in: boolean; out: boolean };
  /** A record can stand for an outage under which others are grouped. */
  parentTickets: boolean;
  /** It can carry notices that are no records: an e-mail, a chat message. */
  notices: boolean;
}

/** A dialect of a system: versions of an API, or a vendor's own form of it. Its id stands in mappings (`version`). */
export interface Dialect {
  label: string;
  /** Settings of an endpoint that speaks it. */
  settings: Settings;
}

/** What an endpoint's client is made of. */
export interface ClientOptions {
  id: string;
  name: string;
  /** Of the endpoint's config node, with the defaults of what is missing. */
  settings: Settings;
  credentials: Readonly<Record<string, string | undefined>>;
  /** Made on the first call; throws SWB_CONFIG where the endpoint has no base URL, or credentials are missing. Systems without a web address do not call it. */
  http: () => HttpClient;
  /** The wall clock. */
  clock: () => number;
}

/** What a way to sign in of a system's own gets. */
export interface SignInContext {
  settings: Settings;
  /** A credential or setting that must be there; throws SWB_CONFIG, naming the field, where it is not. */
  need(name: string): string;
}

/** What there is to choose from; `note`: in words, why it may be less than there is. */
export interface PickListResult<Item> {
  items: Item[];
  note?: string;
}

/** Asks the partner, or what is known of it beforehand, what there is to choose from. `asked`: the body of the editor's request. */
export type PickList = (client: EndpointClient, asked: Record<string, unknown>) => Promise<PickListResult<unknown>>;

/** Everything that the rest of the product knows of a system. */
export interface System extends SystemForm {
  createClient(options: ClientOptions): EndpointClient;
  capabilities(settings: Settings): Capabilities;
  /** Absent: there is only one. */
  dialects?: Readonly<Record<string, Dialect>>;
  /** The dialect of an endpoint with these settings. */
  dialectOf?(settings: Settings): string;
  presets: readonly Mapping[];
  /** The known fields of a record type; none where nothing is known. Its examples make the sample record. */
  catalog(entityType: string, dialect?: string): Catalog;
  notation(dialect?: string): Notation;
  /** What the partner would refuse of a new record. */
  validate(entityType: string, body: Record<string, Json>, dialect?: string): Problem[];
  /** The record in something that a person pasted, as the rules of a mapping read it. */
  unwrap(pasted: Record<string, Json>, entityType: string): Record<string, Json>;
  /** The generic kind of a record. */
  kindOf(entityType: string, record: Record<string, Json>): EntityKind;
  /** Field of a raw entity that holds what a write gives, and its attributes that identify a new record, given an id. */
  raw: { field: string; identify(id: string): Record<string, Json> };
  /** Comments are shown under the name of the user we write as, so that the author has to stand in the text. */
  authorsInText: boolean;
  /** Ways to sign in that only this system has, by id: what the HTTP client sends. One that is not HTTP needs none: the client reads the credentials. */
  signInAs?: Readonly<Record<string, (given: SignInContext) => Auth>>;
  /** By name, as the columns of a `rows` setting name them. */
  pickLists?: Readonly<Record<string, PickList>>;
  /** Its page, below the repository's root. */
  help: string;
}
