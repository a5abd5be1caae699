import { PartnerError } from '../errors.js';

/** A token is renewed this many milliseconds before it expires. */
const RENEW_BEFORE = 30_000;

/** A sign-in that failed is not tried again while the partner asks for a pause. */
interface Failure {
  error: PartnerError;
  /** By the steady clock. */
  until: number;
}

/** A token that is fetched once for concurrent requests, and renewed before it expires. `expires`: by the steady clock. */
export class CachedToken<Token extends { expires: number }> {
  /** The last token, even if it has expired. */
  latest: Token | undefined;
  private fetching: Promise<Token> | undefined;
  private failure: Failure | undefined;

  constructor(
    private readonly fetch: () => Promise<Token>,
    private readonly clock: () => number,
  ) {}

  async get(): Promise<Token> {
    if (this.latest && this.latest.expires - RENEW_BEFORE > this.clock()) return this.latest;
    const { until = 0, error } = this.failure ?? {};
    if (error && until > this.clock()) throw error.withDetails({ retryAfter: until - this.clock() });
    this.fetching ??= this.fetch()
      .catch((failed: unknown) => {
        const retryAfter = failed instanceof PartnerError ? failed.retryAfter : undefined;
        if (retryAfter) this.failure = { error: failed as PartnerError, until: this.clock() + retryAfter };
        throw failed;
      })
      .finally(() => {
        this.fetching = undefined;
      });
    this.latest = await this.fetching;
    return this.latest;
  }

  discard(): void {
    this.latest = undefined;
  }

  /** When a token expires that is valid for so many milliseconds; one that is valid for less than the renewal takes is used once. */
  expiry(validFor: number): number {
    return this.clock() + Math.max(validFor, RENEW_BEFORE + 1_000);
  }
}
