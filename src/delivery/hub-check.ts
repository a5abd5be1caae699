import type { Hub } from '../endpoints/hub.js';
import { PartnerError } from '../errors.js';
import { certain, type LookupKind, type Registration } from './hub-registration.js';

/** Registrations without a usable answer after which a list that shows none of them is not believed. */
const MOST_TRIES = 3;

export interface HubCheckResult {
  /** Undefined: the provider does not say. */
  stands: boolean | undefined;
  /** The registration, with what was seen. */
  registration: Registration;
}

/**
 * Looks how a registration stands at its provider. `GET /hub/{id}` and `GET /hub` are no part of most versions of the standard, and a 404 or an
 * empty list may only mean that: what has never shown this registration cannot say that it is gone.
 */
export class HubCheck {
  /** Ways in which this provider shows nothing. */
  private readonly blind = new Set<LookupKind>();
  private looked = false;

  constructor(private readonly hub: Hub) {}

  /** A new registration may be shown where the former one was not. */
  reset(): void {
    this.blind.clear();
    this.looked = false;
  }

  async at(registration: Registration, callback: string): Promise<HubCheckResult> {
    const { id, unsure } = registration;
    // The list shows those, too, whose ids were never said: seen at the first look, and whenever there may be some.
    const listFirst = !this.looked || unsure !== undefined || id === undefined;
    this.looked = true;
    const ways = listFirst ? [this.list, this.read] : [this.read, this.list];
    for (const way of ways) {
      const seen = await way.call(this, registration, callback);
      if (seen.stands !== undefined) return seen;
    }
    return { stands: undefined, registration };
  }

  private async read(registration: Registration): Promise<HubCheckResult> {
    const { id, unsure, leftover, shown } = registration;
    const nothing = { stands: undefined, registration };
    if (id === undefined) return nothing;
    const there = await this.ask('read', shown, () => this.hub.hubExists(id));
    if (there === undefined) return nothing;
    if (there) return shownBy('read', { ...registration, leftover: leftover || unsure !== undefined || undefined });
    if (shown?.includes('read')) return { stands: false, registration };
    this.blind.add('read');
    return nothing;
  }

  private async list(registration: Registration, callback: string): Promise<HubCheckResult> {
    const { id, former, shown, unsure, tries = 0 } = registration;
    const ids = await this.ask('listed', shown, () => this.hub.hubsOf(callback));
    const last = ids?.at(-1);
    if (ids === undefined || last === undefined) {
      const isGone = ids && (shown?.includes('listed') || (unsure && tries < MOST_TRIES));
      return { stands: isGone ? false : undefined, registration };
    }
    const one = id !== undefined && ids.includes(id) ? id : last;
    const others = [...new Set([...former, ...ids])].filter((other) => other !== one);
    return shownBy('listed', { ...registration, id: one, former: others, leftover: undefined });
  }

  private async ask<T>(
    view: LookupKind,
    shown: LookupKind[] = [],
    question: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (this.blind.has(view)) return undefined;
    try {
      const answer = await question();
      if (answer === undefined) this.blind.add(view);
      return answer;
    } catch (error) {
      const isNoAnswer = error instanceof PartnerError && error.code === 'SWB_PARTNER_ANSWER';
      if (isNoAnswer && !shown.includes(view)) return undefined;
      throw error;
    }
  }
}

function shownBy(view: LookupKind, registration: Registration): HubCheckResult {
  const { shown = [] } = registration;
  return { stands: true, registration: certain({ ...registration, shown: shown.includes(view) ? shown : [...shown, view] }) };
}
