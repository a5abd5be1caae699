import { randomBytes } from 'node:crypto';
import type { RegistrationResult } from '../endpoints/hub.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import { seal, unseal } from '../sealing.js';
import type { Store } from '../store/store.js';
import { say } from '../text/say.js';

/** How a provider shows a registration: read = `GET /hub/{id}`, listed = `GET /hub`. */
export type LookupKind = 'read' | 'listed';

/** The stored registration of an in node. */
export interface Registration {
  /** Last segment of the callback's path: the standard has no other means to recognise forged events. */
  secret: string;
  /** The one before it, if it was renewed: events at its path are still accepted. */
  formerSecret?: string;
  /** Address of the hub. */
  address: string;
  /** Callback that is registered, or whose registration was tried; absent: none. */
  callback?: string;
  query?: string;
  /** Absent: the provider returned none. */
  id?: string;
  /** Unknown whether the last try took effect. lost: the answer was lost, or the process died. strange: another system answered. */
  unsure?: 'lost' | 'strange';
  /** Tries since it was last confirmed. */
  tries?: number;
  /** Lookups that have shown this registration: only these can prove that it is gone. */
  shown?: LookupKind[];
  /** Ids of former registrations that must be removed. */
  former: string[];
  /** The provider cannot remove registrations. */
  lasting?: boolean;
  /** The provider may have another registration of ours, whose id is not known. */
  leftover?: boolean;
  /** Time of the registration, epoch milliseconds: only shown, never compared. */
  at?: number;
  /** The run (monotonic-clock.ts) that registered it, and the time within that run, milliseconds. */
  run?: string;
  made?: number;
}

/** Why to register. */
export type RegistrationReason = 'new' | 'unsure' | 'gone' | 'missed' | 'renewal';

/** `sealed`: its secrets, encrypted. Former versions stored them in clear, one former id, and no address. */
type StoredRegistration = Partial<Omit<Registration, 'former'>> & { former?: string | string[]; sealed?: string };

/** What of a registration shows a secret. */
type Secrets = Pick<Registration, 'formerSecret' | 'callback'> & { secret?: string };

/**
 * Stores the registration of a node. Many hubs cannot list registrations, and one that we forget would post events for ever. Its
 * secrets are encrypted, if the broker has a key; ids are not, so that it can be removed also after another key was set.
 */
export class RegistrationStore {
  private readonly key: string;

  constructor(
    private readonly broker: { readonly store: Pick<Store, 'setting' | 'commit'>; readonly secret?: () => string },
    node: string,
  ) {
    this.key = `hub|${node}`;
  }

  /** The stored registration at this address; undefined: none. */
  async peek(address: string): Promise<Registration | undefined> {
    const stored = this.opened(await this.kept());
    if (stored?.secret === undefined || (stored.address ?? address) !== address) return undefined;
    return { ...stored, secret: stored.secret, address, former: [stored.former ?? []].flat() };
  }

  /** Loads the registration at this address; stores a new one at once. */
  async load(address: string): Promise<Registration> {
    const kept = await this.kept();
    const stored = this.opened(kept);
    const secret = stored?.secret ?? newSecret();
    // Without a stored address, this one is assumed. Nothing is removed at another address, where the id may belong to another
    // system.
    const isHere = (stored?.address ?? address) === address;
    const { formerSecret } = stored ?? {};
    const registration: Registration = {
      ...(isHere && stored),
      secret,
      formerSecret,
      address,
      former: isHere ? [stored?.former ?? []].flat() : [],
    };
    const isInClear = this.broker.secret !== undefined && kept?.sealed === undefined;
    if (!stored?.address || !stored.secret || isInClear) await this.save(registration);
    return registration;
  }

  save({ secret, formerSecret, callback, ...rest }: Registration): Promise<unknown> {
    const secrets: Secrets = { secret, formerSecret, callback };
    const key = this.broker.secret?.();
    const shown = key === undefined ? secrets : { sealed: seal(JSON.stringify(secrets), key, this.key) };
    return this.commit({ ...rest, ...shown } as unknown as Json);
  }

  remove(): Promise<unknown> {
    return this.commit(undefined);
  }

  private async kept(): Promise<StoredRegistration | undefined> {
    return (await this.broker.store.setting(this.key)) as StoredRegistration | undefined;
  }

  private opened(kept: StoredRegistration | undefined): StoredRegistration | undefined {
    if (kept?.sealed === undefined) return kept;
    const { sealed, ...rest } = kept;
    // With another key, another secret is made, and what is registered is replaced.
    const secrets = unseal(sealed, this.broker.secret?.() ?? '', this.key);
    return { ...rest, ...(secrets !== undefined && (JSON.parse(secrets) as Secrets)) };
  }

  private commit(value: Json | undefined): Promise<unknown> {
    return this.broker.store.commit([{ kind: 'setting', key: this.key, value }]);
  }
}

/** A secret for the path of a callback. */
export function newSecret(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * Doubt after a failed registration. `lost`: it may have taken effect. `strange`: something other than the hub answered, so it
 * probably has not. undefined: it certainly has not; a 503 says so.
 */
export function doubtAfter(error: unknown): Registration['unsure'] {
  if (!(error instanceof PartnerError)) return error instanceof SwitchboardError ? undefined : 'lost';
  if (error.outcome === 'notDone' || error.status === 503) return undefined;
  const unanswered = error.status === undefined || [202, 408, 502, 504].includes(error.status);
  return unanswered ? 'lost' : 'strange';
}

/** The registration, once it is known to exist. */
export function confirmed(registration: Registration): Registration {
  return { ...registration, unsure: undefined, tries: undefined };
}

/** The notice to the user about a repeated registration. */
export function noticeOf(reason: RegistrationReason, { already }: RegistrationResult): string | undefined {
  if (reason === 'gone')
    return say`The provider no longer had our registration. It was registered again, and missed changes are read.`;
  if (reason !== 'missed') return undefined;
  return already
    ? say`The provider says that we are registered, but sends no events: changes are found by polling. It may accept one listener only, and another system may hold that place; have the old registration removed there.`
    : say`The provider sent no event for a change. The subscription was registered again, and missed changes are read.`;
}
