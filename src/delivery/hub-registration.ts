import { randomBytes } from 'node:crypto';
import type { RegistrationResult } from '../endpoints/hub.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import type { Store } from '../store/store.js';

/** In which way a provider shows a registration: `GET /hub/{id}`, `GET /hub`. */
export type View = 'read' | 'listed';

/** What is kept of the registration of an in node. */
export interface Registration {
  /** Last part of the callback's path: the standard has no other way to tell a real event from a forged one. */
  secret: string;
  /** The hub's, where it was made. */
  address: string;
  /** What is registered, or was tried to be; absent: nothing. */
  callback?: string;
  query?: string;
  /** Absent: the provider did not say. */
  id?: string;
  /** Whether the last try took effect is not known: its answer was lost (or the process died), or was no answer of the hub. */
  unsure?: 'lost' | 'strange';
  /** Tries since it was last known to stand. */
  tries?: number;
  /** The ways in which the provider has shown this one: only what has shown it can say that it is gone. */
  shown?: View[];
  /** Ids of those that have to be ended. */
  former: string[];
  /** The provider has no way to end one. */
  lasting?: boolean;
  /** There may be one at the provider that nobody can end, because its id is not known. */
  leftover?: boolean;
  /** When it was made, epoch milliseconds: for people only, never compared. */
  at?: number;
  /** The process that made it, and when in its run, milliseconds. */
  run?: string;
  made?: number;
}

/** Why it has to be made. */
export type Reason = 'new' | 'unsure' | 'gone' | 'missed' | 'renewal';

/** As it was kept by former versions: one former id, no address. */
type Kept = Partial<Omit<Registration, 'former'>> & { former?: string | string[] };

/** The registration of a node in the store: many hubs cannot be asked which there are, and one that is forgotten would post for ever. */
export class RegistrationBook {
  private readonly key: string;

  constructor(
    private readonly store: Store,
    node: string,
  ) {
    this.key = `hub|${node}`;
  }

  /** The registration at this address; kept at once where it is new. */
  async open(address: string): Promise<Registration> {
    const kept = (await this.store.setting(this.key)) as Kept | undefined;
    const secret = kept?.secret ?? randomBytes(24).toString('base64url');
    // Those from before addresses were kept are taken to be of this one. At another address nothing is ended: the id may be somebody else's there.
    const isHere = (kept?.address ?? address) === address;
    const registration = { ...(isHere && kept), secret, address, former: isHere ? [kept?.former ?? []].flat() : [] };
    if (!kept?.address) await this.keep(registration);
    return registration;
  }

  keep(registration: Registration): Promise<unknown> {
    return this.store.commit([{ kind: 'setting', key: this.key, value: { ...registration } as unknown as Json }]);
  }

  forget(): Promise<unknown> {
    return this.store.commit([{ kind: 'setting', key: this.key, value: undefined }]);
  }
}

/**
 * What is not known after a registration failed: `lost`: it may have taken effect; `strange`: something answered that is not the hub, so that it
 * hardly has; undefined: it surely has not. 503 says so itself.
 */
export function doubtOf(error: unknown): Registration['unsure'] {
  if (!(error instanceof PartnerError)) return error instanceof SwitchboardError ? undefined : 'lost';
  if (error.outcome === 'notDone' || error.status === 503) return undefined;
  const unanswered = error.status === undefined || [202, 408, 502, 504].includes(error.status);
  return unanswered ? 'lost' : 'strange';
}

/** It is known to stand. */
export function certain(registration: Registration): Registration {
  return { ...registration, unsure: undefined, tries: undefined };
}

/** What a person should know of a registration that was made again. */
export function noticeOf(reason: Reason, { already }: RegistrationResult): string | undefined {
  if (reason === 'gone') return 'The provider had forgotten our registration: it was made again, and what was missed is read.';
  if (reason !== 'missed') return undefined;
  return already
    ? 'The provider says that we are registered, and sends no events: changes are found by asking. Does another system hold its only place? Have the old registration ended there.'
    : 'The provider sent no event of a change: it was registered again, and what was missed is read.';
}
