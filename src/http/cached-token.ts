/** A token is renewed this many milliseconds before it expires. */
const RENEW_BEFORE = 30_000;

/** A token that is fetched once for concurrent requests, and renewed before it expires. `expires`: by the steady clock. */
export class CachedToken<Token extends { expires: number }> {
  /** The last token, even if it has expired. */
  latest: Token | undefined;
  private fetching: Promise<Token> | undefined;

  constructor(
    private readonly fetch: () => Promise<Token>,
    private readonly clock: () => number,
  ) {}

  async get(): Promise<Token> {
    if (this.latest && this.latest.expires - RENEW_BEFORE > this.clock()) return this.latest;
    this.fetching ??= this.fetch().finally(() => {
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
