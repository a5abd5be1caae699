import type { EndpointClient, RawEntity } from '../../src/endpoints/endpoint.js';
import type { Settings } from '../../src/endpoints/form.js';
import type { Json } from '../../src/model/message.js';
import type { Behaviours, RequestKind } from '../../src/sandbox/behaviours.js';
import type { LoggedRequest } from '../../src/sandbox/exchange.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';

/** The calls of the broker to a partner. */
export type CallName =
  | 'find'
  | 'findByNumber'
  | 'read'
  | 'readTogether'
  | 'poll'
  | 'findComment'
  | 'findAttachment'
  | 'create'
  | 'createAgain'
  | 'update'
  | 'comment'
  | 'attach';

/** One of several lists that a call reads: a part of its path, and the prefix of the keys of its hints. */
export interface Part {
  name: string;
  path: string;
  key?: string;
}

/** A comment on a record, as it is stored. */
export interface Said {
  text: string;
  reword: (text: string) => void;
  remove: () => void;
}

/**
 * A record type of a system under test: its client, and the partner it talks to. The file `contract.ts` in the folder of each system exports them as `CASES`.
 */
export interface ContractCase {
  name: string;
  entityType: string;
  /** The settings of an endpoint in this dialect, whose capabilities the calls must agree with. */
  settings?: Settings;
  /** Its records are orders with items. */
  orders?: true;
  /** A stand-in of its own, for a system that the sandbox does not have. `start` gives the function that ends it. */
  standIn?: { start(): Promise<() => Promise<void>>; reset(): void };
  /** The kinds of requests of each call; a call that is missing here is not supported by the system. */
  calls: Partial<Record<CallName, RequestKind[]>>;
  /** Calls that read several lists, each of which may be strange alone. */
  parts?: Partial<Record<CallName, Part[]>>;
  /** `url`: address of the partner, if it is not the sandbox itself. */
  client: (sandbox: Sandbox, url?: string) => EndpointClient;
  desk: (sandbox: Sandbox) => { behaviours: Behaviours; requests: LoggedRequest[] };
  /** The fields of a record to create. */
  fields: Record<string, Json>;
  /** Fails if a record was read without everything it was created with. */
  whole?: (raw: RawEntity) => void;
  /** The fields of an update. */
  change: Record<string, Json>;
  /** Ids of the partner's records that carry a reference. */
  withReference: (sandbox: Sandbox, reference: string) => string[];
  /** Its answer to a change is what it keeps; true for one platform, but not for every vendor's. */
  answersAsKept?: true;
  /** Its comments have ids of their own, by which an edited one is recognised. */
  identifies: boolean;
  /** The comments on a record, which the partner's users may edit and delete. */
  said: (sandbox: Sandbox, id: string) => Said[];
  /** The partner's users comment on a record; and attach a file, where they can. */
  says: (sandbox: Sandbox, id: string, text: string) => void;
  attaches?: (sandbox: Sandbox, id: string, name: string) => void;
}
