import { steadyClock } from '../../steady-clock.js';
import type { Settings } from '../form.js';
import type { Capabilities, ClientOptions, Dialect, System } from '../system.js';
import type { TmfOptions } from './client.js';
import type { ArrayMode, Profile, TmfDialect, Version } from './dialect.js';
import { PEOPLE_FIELDS } from './people.js';
import { ourReferenceIn } from './reference.js';

/* The common parts of the descriptions of all TM Forum APIs. */

/** Both versions, and ServiceNow's variant of the API. */
export const TMF_DIALECTS: Readonly<Record<string, Dialect>> = {
  v4: { label: 'v4', settings: { version: 'v4', profile: 'standard' } },
  v5: { label: 'v5', settings: { version: 'v5', profile: 'standard' } },
  servicenow: { label: 'ServiceNow', settings: { version: 'v4', profile: 'servicenow' } },
};

/** The version and profile from an endpoint's settings. */
export function versionAndProfile(settings: Settings): [Version, Profile] {
  return [(settings.version as Version) || 'v4', (settings.profile as Profile) || 'standard'];
}

export function dialectOf(settings: Settings): string {
  const [version, profile] = versionAndProfile(settings);
  return profile === 'servicenow' ? profile : version;
}

/** The version and profile from the dialect of a mapping. */
export function versionAndProfileOf(dialect = 'v4'): [Version, Profile] {
  return versionAndProfile(TMF_DIALECTS[dialect]?.settings ?? {});
}

export function clientOptions({ id, name, settings, http }: ClientOptions): TmfOptions {
  const [version, profile] = versionAndProfile(settings);
  return {
    id,
    name,
    http: http(),
    version,
    profile,
    apiPath: String(settings.apiPath ?? '') || undefined,
    arrayMode: settings.arrayMode as ArrayMode,
    putsWhole: settings.putsWhole === true,
    integrationUser: String(settings.integrationUser ?? '') || undefined,
    // A monotonic clock, because it measures durations.
    clock: steadyClock(),
  };
}

const CARRIED = ['externalId', 'externalIdentifier', 'relatedEntity', 'relatedParty'];

/** The capabilities of an API in a dialect. */
export function capabilities({ hub, note }: TmfDialect, attachments: boolean, orders: boolean): Capabilities {
  return {
    webhook: false,
    hub,
    poll: true,
    lookUp: true,
    attachments: { in: attachments, out: attachments },
    // ServiceNow accepts work notes, but returns only comments.
    internalNotes: { in: false, out: note === 'typedText' },
    items: orders,
    cancel: orders,
    optimisticLock: note === 'full',
    deletes: true,
    relations: { in: true, out: false },
    parentTickets: false,
    notices: false,
  };
}

export const TMF_SYSTEM: Pick<System, 'dialects' | 'dialectOf' | 'people' | 'authorsInText' | 'carries'> = {
  dialects: TMF_DIALECTS,
  dialectOf,
  people: PEOPLE_FIELDS,
  authorsInText: false,
  // Identifiers of other systems, parties and entities in other roles; our own reference is no business of other parties.
  carries: (field, value) => CARRIED.includes(field) && ourReferenceIn(value) === undefined,
};
