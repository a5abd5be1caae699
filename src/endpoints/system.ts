import type { Auth, HttpClient } from '../http/http.js';
import type { Carries } from '../mapping/carried.js';
import type { Catalog } from '../mapping/catalog/field.js';
import type { Mapping, Notation } from '../mapping/mapping.js';
import type { EntityKind, Json } from '../model/message.js';
import type { PersonalFields } from '../model/personal.js';
import type { Problem } from '../model/problem.js';
import type { EndpointClient } from './endpoint.js';
import type { Settings, SystemForm } from './form.js';

/**
 * The capabilities of a system, given the settings of an endpoint. Used by the docs table, the contract suite, and code that
 * would otherwise have to check for a particular system.
 */
export interface Capabilities {
  /** Ways to receive changes. */
  webhook: boolean;
  hub: boolean;
  poll: boolean;
  /** A record can be found by our reference; without this, a lost response to a create needs a user's decision. */
  lookUp: boolean;
  attachments: { in: boolean; out: boolean };
  /** Comments that only the party's own staff can see. */
  internalNotes: { in: boolean; out: boolean };
  /** Records have items, such as order items. */
  items: boolean;
  /** A cancellation is a separate request, which the partner may reject. */
  cancel: boolean;
  /** A write can be conditional on the version that was read. */
  optimisticLock: boolean;
  /** Deleted records are detected, by an event or when they are read. */
  deletes: boolean;
  /** Links between records (parent, child, related) are read and written. */
  relations: { in: boolean; out: boolean };
  /** A record can be the parent of others, such as a major incident. */
  parentTickets: boolean;
  /** Can send notifications that are not records, such as an e-mail or a chat message. */
  notices: boolean;
}

/** A dialect of a system: a version of an API, or a vendor's variant of it. Its id is stored in mappings (`version`). */
export interface Dialect {
  label: string;
  /** Settings of an endpoint that uses the dialect. */
  settings: Settings;
}

/** The options of an endpoint's client. */
export interface ClientOptions {
  id: string;
  name: string;
  /** The settings of the endpoint's config node, with defaults for missing ones. */
  settings: Settings;
  credentials: Readonly<Record<string, string | undefined>>;
  /**
   * Creates the client on the first call; throws SWB_CONFIG if the base URL or credentials are missing. Systems without a URL do
   * not call it.
   */
  http: () => HttpClient;
  /** The wall clock. */
  clock: () => number;
}

/** The input of a system's own authentication method. */
export interface SignInContext {
  settings: Settings;
  credentials: Readonly<Record<string, string | undefined>>;
  /** A required credential or setting; throws SWB_CONFIG with the field if it is missing. */
  need(name: string): string;
}

/** The items of a pick list; `note`: why the list may be incomplete. */
export interface PickListResult<Item> {
  items: Item[];
  note?: string;
}

/** Loads the items of a pick list from the partner, or from built-in data. `body`: the body of the editor's request. */
export type PickList = (client: EndpointClient, body: Record<string, unknown>) => Promise<PickListResult<unknown>>;

/** Everything that the rest of the product needs to know about a system. */
export interface System extends SystemForm {
  createClient(options: ClientOptions): EndpointClient;
  capabilities(settings: Settings): Capabilities;
  /** Absent if there is only one. */
  dialects?: Readonly<Record<string, Dialect>>;
  /** The dialect of an endpoint with these settings. */
  dialectOf?(settings: Settings): string;
  presets: readonly Mapping[];
  /** The known fields of a record type; empty if none are known. Their examples form the sample record. */
  catalog(entityType: string, dialect?: string): Catalog;
  /** Where its records hold people's data: masked in exports, and in views and logs where a store asks for it. */
  people: PersonalFields;
  notation(dialect?: string): Notation;
  /** Which fields of a record a generic message carries in `custom` if no rule uses them; absent: none. */
  carries?: Carries;
  /** The reasons why the partner would reject a new record. */
  validate(entityType: string, body: Record<string, Json>, dialect?: string): Problem[];
  /** Extracts the record, as mapping rules read it, from JSON that a user pasted. */
  unwrap(pasted: Record<string, Json>, entityType: string): Record<string, Json>;
  /** The generic entity kind of a record. */
  kindOf(entityType: string, record: Record<string, Json>): EntityKind;
  /**
   * The field of a raw entity that contains the written record, and the identifying attributes of a new record with the given id.
   */
  raw: { field: string; identify(id: string): Record<string, Json> };
  /** Comments are shown under the name of our user, so the text must include the author. */
  authorsInText: boolean;
  /**
   * The system's own authentication methods, by id: what the HTTP client sends. Methods without HTTP are not listed: the client
   * reads the credentials.
   */
  signInAs?: Readonly<Record<string, (context: SignInContext) => Auth>>;
  /** By the name used in the columns of `rows` settings. */
  pickLists?: Readonly<Record<string, PickList>>;
  /** The system's documentation page, relative to the repository's root. */
  help: string;
}
