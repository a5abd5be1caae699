import type { FileContent } from '../http/file-content.js';
import type { ItemFacts } from '../model/item-facts.js';
import type { GenericAttachment, GenericComment, GenericRelation, Json, Side, Source, SystemId } from '../model/message.js';
import type { Problem } from '../model/problem.js';
import type { Habits } from './habits.js';
import type { EventHub } from './hub.js';
import type { PostedEvent } from './posted-events.js';
import type { Hint, RawEntity } from './raw-entity.js';

export type { Hint, RawEntity } from './raw-entity.js';

/**
 * The interface between the broker and a partner's system. Each system's folder implements it with the same files:
 * client.ts (all I/O), parse.ts and render.ts (pure), schema.ts (what the system accepts).
 */

/** The parts that `parse` extracts from a raw entity; a mapping translates the fields. */
export interface ParsedEntity {
  source: Source;
  /** The fields that mapping rules read, in the system's format (ServiceNow: column values; TMF: the ticket's attributes). */
  record: Record<string, Json>;
  comments: GenericComment[];
  attachments: GenericAttachment[];
  relations: GenericRelation[];
  /** Set if an event reported the deletion. */
  deleted?: boolean;
  /** Set if it shows that the partner did not do the cancellation that we requested. */
  cancellation?: CancellationOutcome;
}

/** What the partner decided about a cancellation that did not happen. */
export interface CancellationOutcome {
  /** `withoutEffect`: it was confirmed, but the entity goes on. */
  state: 'refused' | 'withoutEffect';
  /** Why, in the partner's words. */
  reason?: string;
  /** Id of the comment that says so: an outcome that was reported before says nothing about a later cancellation. */
  comment: string;
}

export interface PollResult {
  hints: Hint[];
  /** Stored with the hints, and passed to the next poll. */
  cursor: Json;
  /** True if more can be fetched immediately. */
  more: boolean;
}

/** Result of one check of "Test connection". */
export interface Check {
  name: string;
  ok: boolean | 'warning';
  text: string;
}

/** A written comment or file. */
export interface WrittenPart {
  /** The id that `parse` returns for the same part, even if the partner assigns none; absent if the partner never shows it. */
  id?: string;
  /** It was sent in a whole list, without a condition: what others wrote at that moment may be gone (see `putBack`). */
  wholeList?: true;
}

export interface EndpointClient {
  readonly id: string;
  /** The configured name, used in every error. */
  readonly name: string;
  readonly system: SystemId;
  /** Id of its dialect, if the system has several. */
  readonly dialectId?: string;
  /** The address of its API: results from one address prove nothing about another. */
  readonly address: string;

  /** What was learnt about how the system stores writes; the worker persists it. Absent if nothing is learnt. */
  readonly habits?: Habits;
  /** Milliseconds by which the system's clock is ahead of ours, to about half a second; undefined until known. */
  readonly clockAhead?: number | undefined;

  /** Checks reachability, credentials and permissions to read and write each entity type. Never throws. */
  test(): Promise<Check[]>;
  /**
   * A cheap, harmless read that concerns no particular record: the first one of the connection test. Throws PartnerError where the
   * system does not answer it. After a failure it tells whether the whole system is in trouble, or one record.
   */
  probe(): Promise<void>;

  /** Reads an entity with its comments and attachments. Throws PartnerError; SWB_PARTNER_NOT_FOUND if it is missing or hidden. */
  read(entityType: string, id: string): Promise<RawEntity>;
  /** Reads an entity without comments and attachments, if that needs fewer requests: what an update compares. */
  readRecord?(entityType: string, id: string): Promise<RawEntity>;
  /**
   * Looks up an entity by our reference, and checks that the result has it. `fields`: the fields to create; if a create takes
   * several writes, the missing ones are completed. Absent: the system has no such look-up, and a user decides whether a create
   * whose answer was lost is sent again.
   */
  find?(entityType: string, reference: string, fields?: Record<string, Json>): Promise<RawEntity | undefined>;
  /** Reads an entity by its human-readable number; absent if that is its id. */
  findByNumber?(entityType: string, number: string): Promise<RawEntity | undefined>;
  /**
   * Creates an entity with our reference; returns the entity as the partner stored it (read again if the partner drops fields
   * silently).
   */
  create(entityType: string, fields: Record<string, Json>, reference: string): Promise<WriteResult>;
  /**
   * Writes only the given fields. `added`: ids of new items; other items that the partner does not have are not written. `current`:
   * the entity as `readRecord` or `read` just returned it, if it was read for this update; it need not be read again.
   */
  update(
    entityType: string,
    id: string,
    fields: Record<string, Json>,
    added?: readonly string[],
    current?: RawEntity,
  ): Promise<WriteResult>;
  /**
   * Whether the entity is cancelled, or its cancellation requested, or it was deleted to cancel it. Used after a lost response;
   * absent if a cancellation is an ordinary field.
   */
  findCancellation?(entityType: string, id: string): Promise<'requested' | 'deleted' | undefined>;
  /**
   * Adds a comment. `seen`: ids of comments and files that existed before. Throws PartnerError (unshown) if the partner reported
   * success but does not show the comment.
   */
  comment(entityType: string, id: string, comment: GenericComment, seen?: readonly string[]): Promise<WrittenPart>;
  /**
   * Looks for a comment that we may have written already. Used after a lost response. `since`: ISO time of our first attempt by
   * the partner's clock, '' = unknown. `seen`: ids of comments and files that existed before, or are known to be different: two
   * comments with the same text are two comments.
   */
  findComment(
    entityType: string,
    id: string,
    comment: GenericComment,
    since: string,
    seen?: readonly string[],
  ): Promise<WrittenPart | undefined>;
  /** False: its records have no files; a comment says that there is one, and where. */
  readonly takesFiles?: boolean;
  /** Adds a file; parameters as for `comment`. */
  attach(entityType: string, id: string, attachment: SpooledAttachment, seen?: readonly string[]): Promise<WrittenPart>;
  findAttachment(
    entityType: string,
    id: string,
    attachment: SpooledAttachment,
    since: string,
    seen?: readonly string[],
  ): Promise<WrittenPart | undefined>;
  /**
   * Restores comments that our write may have removed: those that appeared since it began and no longer exist. `shown`: the entity
   * as it was read or reported. `since`: ISO time by the partner's clock, '' = unknown. `only`: ids of the comments that may be
   * restored. Returns the texts of the restored comments. Absent if writes never remove comments of others.
   */
  putBack?(entityType: string, id: string, shown: RawEntity[], since: string, only?: readonly string[]): Promise<string[]>;
  /** An entity as it was read, without what only the event shows that led to the read. Absent: events add nothing. */
  asRead?(raw: RawEntity): RawEntity;
  /** Changes the text of an existing comment. False, or absent, if that is not possible. */
  rewordComment?(entityType: string, id: string, part: string, comment: GenericComment): Promise<boolean>;
  /** Deletes a comment or a file; succeeds if it does not exist. False, or absent, if that is not possible. */
  removeComment?(entityType: string, id: string, part: string): Promise<boolean>;
  removeAttachment?(entityType: string, id: string, part: string): Promise<boolean>;
  /** Streams an attachment of one of this endpoint's entities. */
  download(entityType: string, id: string, attachment: GenericAttachment): Promise<FileContent>;
  /**
   * Changes since the cursor (undefined: from now on): of records and, if they are stored separately, of journals and
   * attachments.
   */
  poll(entityType: string, cursor: Json | undefined): Promise<PollResult>;

  /** The reasons why the system would reject a new record. Pure; see schema.ts of the system. */
  validate(entityType: string, fields: Record<string, Json>): Problem[];
  /** Pure; see parse.ts of the system. */
  parse(raw: RawEntity): ParsedEntity;
  /**
   * The identifying facts of the items of an order, from its record or from fields to write, in order; undefined if there is no
   * item list. Absent if items keep our ids. Pure; see items.ts of the system.
   */
  itemsOf?: ItemsReader;
  /**
   * Whether items can be added to an existing record of this type, and changed; absent: always. Where they cannot, an added item is
   * ordered with another record, and a change is passed on as a comment. Items can be cancelled in either case.
   */
  takesItemChanges?(entityType: string): boolean;
  /**
   * What a record of an order shows as cancelled, or as being cancelled, by its own states; undefined where such records have no
   * items. Pure.
   */
  cancellationsIn?(entityType: string, record: Record<string, Json>): Cancellations | undefined;
  /** Replaces the ids of items and the references to them; items without a new id are left out. Pure. */
  withItemIds?(fields: Record<string, Json>, idOf: (id: string) => string | undefined): Record<string, Json>;
  /**
   * Whether an entity, as it was read, is proven to show the change that a webhook or event reports. `received`: its body. Then one
   * read, if it began after both arrived, answers several hints. Absent: nothing proves it, and each hint needs a read. Pure.
   */
  shows?(entity: RawEntity, received: Json): boolean;
  /**
   * The id of the entity that is read for an id from a hint, where that is the id of one of its parts and the entity is known; else
   * the same id. Absent if hints name entities only.
   */
  entityOf?(entityType: string, id: string): string;
  /** Whether version `a` of an entity is older than `b`; false if they are equal or one is undefined. */
  isOlder(a: string | undefined, b: string | undefined): boolean;
  /** Who uses the system, unless the endpoint is configured otherwise; absent = the customer. */
  readonly side?: Side;
  /**
   * A raw entity that is parsed as deleted, for an entity that no longer exists; absent if the system's events report deletions.
   * Pure.
   */
  gone?(entityType: string, id: string): RawEntity;
  /** Our user as it appears in changedBy and as comment author; undefined if the system does not show it. */
  readonly integrationUser?: string;
  /**
   * The hint of a webhook's event, without an id if it has only the record's number; absent if the system has no webhooks. Throws
   * SWB_PAYLOAD if it names no entity. `entityType`: the default if the event names none.
   */
  readWebhook?(event: PostedEvent, entityType: string): Hint;
  /** The hub of the system, if it has one. */
  readonly hub?: EventHub;
  /** Closes connections and stops token refreshes. */
  close(): void;
}

export type ItemsReader = (record: Record<string, Json>) => ItemFacts[] | undefined;

export interface Cancellations {
  /** The whole order. */
  all: boolean;
  /** Ids of items. */
  items: string[];
}

export interface WriteResult {
  entity: RawEntity;
  /** Fields that the partner accepted with 2xx but did not store: name, the value sent, the value stored. */
  dropped: { field: string; sent: Json; has: Json | undefined }[];
  /**
   * Somebody else wrote the entity between our read and our write: what our write replaced, as the fields that would put it back.
   * `unknown`: why the partner does not show all of it, for people.
   */
  overwritten?: { fields: Record<string, Json>; unknown?: string };
  /** Why the partner refused a cancellation, which is an answer and no failure. */
  refused?: string;
  /** A cancellation was requested of a person at the partner: it does not show yet. */
  undecided?: true;
  /** The entity was deleted, which was the way to cancel it. */
  deleted?: true;
}

/** An attachment whose content is in the spool folder. */
export interface SpooledAttachment extends GenericAttachment {
  /** Absolute path of the spooled file. */
  path: string;
  size: number;
  hash: string;
}
