/** A person stopped the sending to an endpoint: what is for it waits. Kept as a setting, so that a restart does not end it. */
export interface Suspension {
  at: string;
  by: string;
  reason?: string;
}

export function suspensionKey(endpoint: string): string {
  return `suspended/${endpoint}`;
}
