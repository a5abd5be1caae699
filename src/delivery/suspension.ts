/** A user suspended an endpoint: deliveries to it wait. Stored as a setting, so that it outlasts a restart. */
export interface Suspension {
  at: string;
  by: string;
  reason?: string;
}

export function suspensionKey(endpoint: string): string {
  return `suspended/${endpoint}`;
}
