import { type InConfig, inCredentials } from '../../nodes/kit/in.config.js';
import { FORMS } from '../../src/endpoints/forms.js';
import type { SignInMethod } from '../../src/endpoints/sign-in.js';
import type { FlowNode } from '../live/node-red.js';
import type { Gateway } from './gateway.js';
import { type Mark, plant } from './marks.js';

/** Every way to sign in that a system offers, once. */
export const SIGN_IN: readonly SignInMethod[] = [
  ...new Map(FORMS.flatMap(({ endpoint }) => endpoint.signIn).map((method) => [method.id, method])).values(),
];

/** Every way in which a webhook knows its sender: a new one does not compile until it is here. */
export const WEBHOOKS: Record<NonNullable<InConfig['webhookAuth']>, Partial<InConfig>> = {
  header: { webhookHeader: 'x-planted' },
  basic: {},
  hmac: { webhookHeader: 'x-signature' },
  timed: { webhookHeader: 'x-timed' },
};

export const secretFields = ({ fields }: SignInMethod) => fields.filter(({ kept }) => kept === 'secret').map(({ name }) => name);

/** Flow files hold only references to secrets; their values are in the environment. */
export class Environment {
  readonly values: Record<string, string> = {};

  refer(value: string): string {
    const name = `PLANTED_${Object.keys(this.values).length}`;
    this.values[name] = value;
    return `\${${name}}`;
  }
}

/** In nodes of the customer, one for each way to authenticate a webhook, and their secrets. */
export function webhookNodes(env: Environment): { nodes: FlowNode[]; marks: Record<string, Record<string, Mark>> } {
  const marks: Record<string, Record<string, Mark>> = {};
  const form = FORMS.find(({ receive }) => receive.webhook)!;
  const nodes = Object.entries(WEBHOOKS).map(([webhookAuth, settings]): FlowNode => {
    const fields = Object.entries(inCredentials(form.receive)).filter(([, { type }]) => type === 'password');
    const own = Object.fromEntries(
      fields.map(([name]) => [name, plant(`webhook ${webhookAuth}, ${name}`, { plain: name === 'secret' })]),
    );
    marks[webhookAuth] = own;
    const credentials = Object.entries(own).map(([name, { value }]) => [name, env.refer(value)]);
    return {
      id: `hook-${webhookAuth}`,
      type: 'switchboard-servicenow-in',
      z: 'sb1-flow',
      name: webhookAuth,
      endpoint: 'sb1-sn',
      entityType: 'incident',
      webhook: true,
      path: `switchboard/planted-${webhookAuth}`,
      webhookAuth,
      ...settings,
      credentials: { ...Object.fromEntries(credentials), webhookUser: env.refer('planted') },
      wires: [['sb1-norm-sn']],
    };
  });
  return { nodes, marks };
}

/** The nodes of one more provider, which signs in by the method of its gateway. */
export function providerNodes(gateway: Gateway, env: Environment, more: Record<string, unknown>): FlowNode[] {
  const { method, url, secrets } = gateway;
  const known = { user: 'planted', clientId: 'planted' };
  const texts = { ...known, ...Object.fromEntries(Object.entries(secrets).map(([name, { value }]) => [name, value])) };
  const fields = SIGN_IN.find(({ id }) => id === method)!.fields.filter(({ kept }) => kept !== 'setting');
  const credentials = fields.map(({ name }) => [name, env.refer(texts[name as keyof typeof texts])]);
  return [
    {
      id: `ep-${method}`,
      type: 'switchboard-tmf-endpoint',
      name: `Provider ${method}`,
      store: 'sb1-store',
      baseUrl: url,
      version: 'v4',
      api: 'tmf621',
      arrayMode: 'replace',
      auth: method,
      tokenUrl: `${url}/token`,
      apiKeyHeader: 'x-planted-key',
      recordTraffic: true,
      retryDelay: '0.1',
      settling: '1',
      credentials: Object.fromEntries(credentials),
      ...more,
    },
    {
      id: `map-${method}`,
      type: 'switchboard-map',
      z: 'sb1-flow',
      name: method,
      endpoint: `ep-${method}`,
      entityType: 'troubleTicket',
      mapping: '',
      wires: [[`out-${method}`], []],
    },
    { id: `out-${method}`, type: 'switchboard-tmf621-out', z: 'sb1-flow', name: method, endpoint: `ep-${method}`, wires: [[]] },
    {
      id: `in-${method}`,
      type: 'switchboard-tmf621-in',
      z: 'sb1-flow',
      name: method,
      endpoint: `ep-${method}`,
      hub: true,
      poll: true,
      pollInterval: '0.5',
      wires: [['sb1-norm-tmf']],
    },
  ];
}
