import type { FlowNode } from '../live/node-red.js';
import type { FakePartner } from './fake-partner.js';

/** A party of the network. */
export interface Party {
  name: string;
  side: 'customer' | 'provider';
  partner: FakePartner;
  /** Category of the tickets that go to a provider. */
  service?: string;
}

const FLOW = 'network';
/** Nodes that every party's messages pass. */
const SHARED = { normalize: 'normalize', correlate: 'correlate', route: 'route' };

/** The environment variable with the secret that a customer's webhook sends. */
export const secretOf = (customer: string) => `SECRET_OF_${customer.toUpperCase()}`;
/** The endpoint node of a party. A config node must not have a setting with its own id as value. */
export const endpointOf = (party: string) => `endpoint-${party}`;
const variable = (name: string) => `\${${name}}`;

/** One flow for all parties: in nodes, the shared nodes with the route, and a map and out node per party. */
export function networkFlow(parties: readonly Party[], port: number): FlowNode[] {
  const node = (id: string, type: string, wires: string[][], more: object = {}): FlowNode => ({
    id,
    type: type.startsWith('!') ? type.slice(1) : `switchboard-${type}`,
    z: FLOW,
    x: 0,
    y: 0,
    name: id,
    wires,
    ...more,
  });
  return [
    { id: FLOW, type: 'tab', label: 'network' },
    {
      id: 'store-node',
      type: 'switchboard-store',
      name: 'the store',
      path: 'switchboard',
      flowTimeout: '30',
      inboxLimit: '10000',
    },
    ...parties.flatMap((party): FlowNode[] => {
      const { name, side } = party;
      const [system, entityType] = side === 'customer' ? ['servicenow', 'incident'] : ['tmf621', 'troubleTicket'];
      return [
        endpoint(party),
        node(`in-${name}`, `${system}-in`, [[SHARED.normalize]], {
          endpoint: endpointOf(name),
          entityType,
          ...(side === 'customer'
            ? { webhook: true, path: `from/${name}`, webhookAuth: 'header', webhookHeader: 'x-switchboard-secret', poll: true }
            : { hub: true, publicUrl: `http://127.0.0.1:${port}`, renewInterval: '1', poll: true }),
          pollInterval: '2',
          ...(side === 'customer' && { credentials: { secret: variable(secretOf(name)) } }),
        }),
        node(`map-${name}`, 'map', [[`out-${name}`], []], { endpoint: endpointOf(name), entityType, mapping: '' }),
        node(`out-${name}`, `${system}-out`, [[]], { endpoint: endpointOf(name), entityType }),
      ];
    }),
    node(SHARED.normalize, 'normalize', [[SHARED.correlate]], { mapping: '' }),
    node(SHARED.correlate, 'conversation-correlate', [[SHARED.route], [SHARED.route], []]),
    route(parties),
  ];
}

function endpoint({ name, side, partner }: Party): FlowNode {
  const common = {
    id: endpointOf(name),
    name,
    store: 'store-node',
    retryDelay: '0.3',
    timeout: '4',
    maxTries: '60',
    settling: '4',
    concurrency: '4',
  };
  return side === 'customer'
    ? {
        ...common,
        type: 'switchboard-servicenow-endpoint',
        baseUrl: partner.root,
        auth: 'basic',
        entityTypes: [{ name: 'incident', table: 'incident', fields: '' }],
        credentials: { user: variable('SANDBOX_SERVICENOW_USER'), password: variable('SANDBOX_SERVICENOW_PASSWORD') },
      }
    : {
        ...common,
        type: 'switchboard-tmf-endpoint',
        baseUrl: partner.root,
        auth: 'oauthClientCredentials',
        tokenUrl: `${partner.root}/oauth/token`,
        api: 'tmf621',
        version: 'v4',
        profile: 'standard',
        arrayMode: 'jsonPatch',
        settingsVersion: 1,
        credentials: { clientId: variable('SANDBOX_TMF_CLIENT_ID'), clientSecret: variable('SANDBOX_TMF_CLIENT_SECRET') },
      };
}

/** Each service goes to its provider, each provider's own ticket to the customer that its title names. */
function route(parties: readonly Party[]): FlowNode {
  const rules = parties.map(({ name, side, service }) => ({
    from: side === 'provider' ? 'side:customer' : 'side:provider',
    when: [
      side === 'provider'
        ? { field: 'category', operator: 'is', value: service }
        : { field: 'title', operator: 'contains', value: ` for ${name}` },
    ],
    to: [endpointOf(name)],
  }));
  return {
    id: SHARED.route,
    type: 'switchboard-route',
    z: FLOW,
    x: 0,
    y: 0,
    name: 'route',
    parties: parties.map(({ name }) => endpointOf(name)),
    rules,
    matches: 'first',
    otherwise: '',
    outputs: parties.length + 1,
    wires: [...parties.map(({ name }) => [`map-${name}`]), []],
  };
}
