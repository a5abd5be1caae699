import type { ServiceNowDesk } from './servicenow.js';
import type { TmfDesk } from './tmf621.js';

/** Customers and providers that one flow connects: each may have cases at each. */
export interface RoutedDesks {
  customers: Record<'acme' | 'globex' | 'initech', ServiceNowDesk>;
  providers: Record<'north' | 'south', TmfDesk>;
}

/** Desks by name, each replaced by what is made of it. */
export function mapDesks<From, To>(from: Record<string, From>, change: (desk: From, name: string) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(from).map(([name, desk]) => [name, change(desk, name)]));
}
