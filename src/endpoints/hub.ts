/** What a registration at a hub was answered. */
export interface RegistrationResult {
  /** Absent: the provider took it, and did not say under which id. */
  id?: string;
  /** It says that there is one already: ours, or the only one it takes. */
  already?: boolean;
}

/** What a provider with a `/hub` offers (TMF630). Whatever is no answer of the hub is thrown, as PartnerError. */
export interface Hub {
  /** Where it is: subscriptions count there only. */
  readonly address: string;
  registerHub(callback: string, query?: string): Promise<RegistrationResult>;
  /** Resolves when it is surely gone; false where the provider has no way to end one. */
  unregisterHub(id: string): Promise<boolean>;
  /** Does it show this one? Undefined where the provider shows none. */
  hubExists(id: string): Promise<boolean | undefined>;
  /** Ids of those that post to this address, as the provider lists them; undefined where it lists none. */
  hubsOf(callback: string): Promise<string[] | undefined>;
}
