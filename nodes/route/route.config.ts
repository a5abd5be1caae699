import type { RouteRules } from '../../src/conversation/route-rules.js';

/** Settings of the `route` node: its parties, with one output each; without a default, the last output is for what no rule matches. */
export interface RouteConfig extends RouteRules {
  name: string;
  outputs: number;
}
export const routeDefaults: RouteConfig = { name: '', parties: [], rules: [], matches: 'first', otherwise: '', outputs: 1 };
