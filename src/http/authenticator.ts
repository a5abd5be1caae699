/** The headers that authenticate a request. */
export interface Authenticator {
  headers(): Promise<Record<string, string>>;
  /** Discards a token that the partner rejected. False if there is no other token to fetch. */
  discardToken(): boolean;
  /** All texts that must be masked. */
  secrets(): string[];
}
