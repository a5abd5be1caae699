import type { Readable } from 'node:stream';
import type { ItemFacts } from '../model/item-facts.js';
import type {
  Expected,
  GenericAttachment,
  GenericComment,
  GenericRelation,
  Json,
  Side,
  Source,
  SystemId,
} from '../model/message.js';
import type { Problem } from '../model/problem.js';
import type { Habits } from './habits.js';
import type { EventHub } from './hub.js';

/**
 * What the broker needs of a partner's system, whatever system it is. Each folder here implements it with the same files:
 * client.ts (all I/O), parse.ts and render.ts (pure), schema.ts (what the system accepts).
 */

/** A record of a partner's system together with what hangs on it, in the system's own terms; what an in node emits as `msg.payload`. */
export type RawEntity = { [key: string]: unknown };

/** What `parse` takes from a raw entity by structure; the fields themselves are translated by a mapping. */
export interface Parsed {
  source: Source;
  /** The fields a mapping's rules read, as the system gives them (ServiceNow: column values; TMF: the ticket's attributes). */
  record: Record<string, Json>;
  comments: GenericComment[];
  attachments: GenericAttachment[];
  relations: GenericRelation[];
  /** Set for a deletion told by an event. */
  deleted?: boolean;
}

/** What `poll` and webhooks say: something happened to this entity; it is read back before it is used. */
export interface Hint {
  entityType: string;
  id: string;
  number?: string;
  /** What the hint tells of the entity: a read that does not show it is older than the hint. */
  expects?: Expected;
  /** De-duplicates repeats, e.g. `<sys_id>|<updated_on>|<mod_count>`. */
  key: string;
  /** What was received, kept for the messages view. */
  payload: Json;
}

export interface PollResult {
  hints: Hint[];
  /** To be stored with the hints, and given to the next poll. */
  cursor: Json;
  /** True when there is more to fetch at once. */
  more: boolean;
}

/** Result of one check of "Test connection", in words. */
export interface Check {
  name: string;
  ok: boolean | 'warning';
  text: string;
}

/** A comment or a file as it was written. */
export interface WrittenPart {
  /** Its id as `parse` gives it for the same part, also where the partner gives none; absent where the partner never shows it. */
  id?: string;
}

export interface EndpointClient {
  readonly id: string;
  /** The name a person gave it, used in every error. */
  readonly name: string;
  readonly system: SystemId;
  /** Id of the dialect it speaks, where its system has several. */
  readonly dialectId?: string;
  /** Where its API is: what was asked there proves nothing about another place. */
  readonly address: string;

  /** What is learnt of how it keeps what is written, kept over restarts by its worker; absent where nothing is learnt. */
  readonly habits?: Habits;
  /** Milliseconds by which the system's clock is ahead of ours, to about half a second; undefined until known. */
  readonly clockAhead?: number | undefined;

  /** Checks reachability, credentials and rights to read and write each entity type. Never throws. */
  test(): Promise<Check[]>;

  /** Reads an entity with its comments and attachments. Throws PartnerError, SWB_PARTNER_NOT_FOUND when it is missing or hidden. */
  read(entityType: string, id: string): Promise<RawEntity>;
  /** Reads an entity without what hangs on it, where that costs less. */
  readRecord?(entityType: string, id: string): Promise<RawEntity>;
  /**
   * Looks an entity up by our reference; re-checks that what came back carries it. `fields`: what was to be created; where that takes several
   * writes, those that are missing are made up for.
   */
  find(entityType: string, reference: string, fields?: Record<string, Json>): Promise<RawEntity | undefined>;
  /** Reads an entity by the number people know it by; absent where that is its id. */
  findByNumber?(entityType: string, number: string): Promise<RawEntity | undefined>;
  /** Creates an entity that carries our reference; gives what the partner then has (read back where it drops things silently). */
  create(entityType: string, fields: Record<string, Json>, reference: string): Promise<Written>;
  /** Writes the given fields only. `added`: ids of items that are new there; any other that is not there is not written. */
  update(entityType: string, id: string, fields: Record<string, Json>, added?: readonly string[]): Promise<Written>;
  /** Is the entity cancelled, or asked to be? Asked when an answer was lost; absent where that is written like any other field. */
  findCancellation?(entityType: string, id: string): Promise<boolean>;
  /**
   * Adds a comment. `seen`: ids of comments and files that were there before. Throws PartnerError, unshown, where it was answered as done and is
   * not shown.
   */
  comment(entityType: string, id: string, comment: GenericComment, seen?: readonly string[]): Promise<WrittenPart>;
  /**
   * Was this comment written by us already? Asked when an answer was lost. `since`: ISO time of our first attempt by the partner's own
   * clock, '' = not known. `seen`: ids of comments and files that were there before it, or are known to be others: the same words said twice are two
   * comments.
   */
  findComment(
    entityType: string,
    id: string,
    comment: GenericComment,
    since: string,
    seen?: readonly string[],
  ): Promise<WrittenPart | undefined>;
  /** Adds a file, likewise. */
  attach(entityType: string, id: string, attachment: SpooledAttachment, seen?: readonly string[]): Promise<WrittenPart>;
  findAttachment(
    entityType: string,
    id: string,
    attachment: SpooledAttachment,
    since: string,
    seen?: readonly string[],
  ): Promise<WrittenPart | undefined>;
  /**
   * Puts comments back that a write of ours may have taken away when it was interrupted: those that were shown since it began, and are not there any more.
   * `shown`: the entity as it was read or told. `since`: ISO time by the partner's own clock, '' = not known. Gives what they say. Absent: no write
   * takes others' comments away.
   */
  putBack?(entityType: string, id: string, shown: RawEntity[], since: string): Promise<string[]>;
  /** Writes other words into a comment that is there, by its id. False, or absent: that cannot be done. */
  rewordComment?(entityType: string, id: string, part: string, comment: GenericComment): Promise<boolean>;
  /** Takes a comment, or a file, away; one that is not there is gone already. Likewise. */
  removeComment?(entityType: string, id: string, part: string): Promise<boolean>;
  removeAttachment?(entityType: string, id: string, part: string): Promise<boolean>;
  /** Streams an attachment of one of this endpoint's entities. */
  download(entityType: string, id: string, attachment: GenericAttachment): Promise<Readable>;
  /** Changes since the cursor (undefined: from now on). Both records and, where they live apart, journals and attachments. */
  poll(entityType: string, cursor: Json | undefined): Promise<PollResult>;

  /** What the system would refuse of a record to be created, one problem each; pure, see schema.ts of the system. */
  validate(entityType: string, fields: Record<string, Json>): Problem[];
  /** Pure; see parse.ts of the system. */
  parse(raw: RawEntity): Parsed;
  /**
   * What tells the items of an order apart, in its record or in fields to be written, in their order; undefined where there is no list of them.
   * Absent where items carry our ids, whatever the system calls them. Pure; see items.ts of the system.
   */
  itemsOf?: ItemsReader;
  /** The fields with other ids for their items and whatever refers to them; items that have none are left out. Pure. */
  withItemIds?(fields: Record<string, Json>, idOf: (id: string) => string | undefined): Record<string, Json>;
  /** Is version `a` of an entity older than `b`? Undefined or equal = no. */
  isOlder(a: string | undefined, b: string | undefined): boolean;
  /** Who uses such a system, unless the endpoint says otherwise; absent = the customer. */
  readonly side?: Side;
  /** What stands for an entity that is there no more, to be parsed as deleted; absent where its own events tell. Pure. */
  gone?(entityType: string, id: string): RawEntity;
  /** The user we write as, as it shows in changedBy / comment authors; undefined where the system does not tell. */
  readonly integrationUser?: string;
  /** Reads what the system's webhooks post; absent: it has none. Throws SWB_PAYLOAD. `entityType`: what it is about where the body does not say. */
  readWebhook?(body: unknown, entityType: string): Hint;
  /** Its hub; absent: it has none. */
  readonly hub?: EventHub;
  /** Ends connections and token refreshes. */
  close(): void;
}

export type ItemsReader = (record: Record<string, Json>) => ItemFacts[] | undefined;

export interface Written {
  entity: RawEntity;
  /** Fields that the partner accepted with 2xx and then did not have: name, what we sent, what it has. */
  dropped: { field: string; sent: Json; has: Json | undefined }[];
}

/** An attachment whose bytes lie in the spool. */
export interface SpooledAttachment extends GenericAttachment {
  /** Absolute path of the spooled file. */
  path: string;
  size: number;
  hash: string;
}
