import type { Hub } from '../endpoints/hub.js';
import { PartnerError } from '../errors.js';
import { confirmed, type LookupKind, type Registration } from './hub-registration.js';

/** Registration tries without a usable answer after which an empty list no longer proves that the registration is missing. */
const MAX_TRIES = 3;

export interface HubCheckResult {
  /** Undefined: the provider does not tell. */
  exists: boolean | undefined;
  /** The registration, updated with what the provider shows. */
  registration: Registration;
}

/**
 * Checks a registration at its provider. Most versions of the standard have neither `GET /hub/{id}` nor `GET /hub`, so a 404 or
 * an empty list may only mean that they are not supported. Only a lookup that has shown this registration before can prove that
 * it is gone.
 */
export class HubCheck {
  /** Lookups that this provider does not support. */
  private readonly unsupported = new Set<LookupKind>();
  private hasRun = false;

  constructor(private readonly hub: Hub) {}

  /** A new registration may be shown although the former one was not. */
  reset(): void {
    this.unsupported.clear();
    this.hasRun = false;
  }

  async run(registration: Registration, callback: string): Promise<HubCheckResult> {
    const { id, unsure } = registration;
    // Only the list shows registrations whose ids we never got, so it comes first in the first run, and whenever there may be
    // some.
    const listFirst = !this.hasRun || unsure !== undefined || id === undefined;
    this.hasRun = true;
    const lookups = listFirst ? [this.list, this.read] : [this.read, this.list];
    for (const lookup of lookups) {
      const result = await lookup.call(this, registration, callback);
      if (result.exists !== undefined) return result;
    }
    return { exists: undefined, registration };
  }

  private async read(registration: Registration): Promise<HubCheckResult> {
    const { id, unsure, leftover, shown } = registration;
    const nothing = { exists: undefined, registration };
    if (id === undefined) return nothing;
    const found = await this.ask('read', shown, () => this.hub.hubExists(id));
    if (found === undefined) return nothing;
    if (found) return shownBy('read', { ...registration, leftover: leftover || unsure !== undefined || undefined });
    if (shown?.includes('read')) return { exists: false, registration };
    this.unsupported.add('read');
    return nothing;
  }

  private async list(registration: Registration, callback: string): Promise<HubCheckResult> {
    const { id, former, shown, unsure, tries = 0 } = registration;
    const ids = await this.ask('listed', shown, () => this.hub.hubsOf(callback));
    const last = ids?.at(-1);
    if (ids === undefined || last === undefined) {
      const isGone = ids && (shown?.includes('listed') || (unsure && tries < MAX_TRIES));
      return { exists: isGone ? false : undefined, registration };
    }
    const current = id !== undefined && ids.includes(id) ? id : last;
    const others = [...new Set([...former, ...ids])].filter((other) => other !== current);
    return shownBy('listed', { ...registration, id: current, former: others, leftover: undefined });
  }

  private async ask<T>(
    kind: LookupKind,
    shown: LookupKind[] = [],
    question: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (this.unsupported.has(kind)) return undefined;
    try {
      const answer = await question();
      if (answer === undefined) this.unsupported.add(kind);
      return answer;
    } catch (error) {
      const isInvalid = error instanceof PartnerError && error.code === 'SWB_PARTNER_ANSWER';
      if (isInvalid && !shown.includes(kind)) return undefined;
      throw error;
    }
  }
}

function shownBy(kind: LookupKind, registration: Registration): HubCheckResult {
  const { shown = [] } = registration;
  return { exists: true, registration: confirmed({ ...registration, shown: shown.includes(kind) ? shown : [...shown, kind] }) };
}
