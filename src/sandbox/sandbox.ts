import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Admin } from './admin.js';
import { csmTraits, serviceNowTraits, tmfTraits, tokenTraits } from './api-traits.js';
import type { ApiTraits } from './behaviour-handlers.js';
import { Behaviours } from './behaviours.js';
import { CSM_TICKETS, csmApi } from './csm-api.js';
import { mapDesks, type RoutedDesks } from './desks.js';
import { type Handler, type LoggedRequest, logRequest, type PushCounts, readRequest } from './exchange.js';
import { answer, type SimulatedApi } from './faults.js';
import { TokenEndpoint } from './oauth.js';
import { orderBehaviours } from './order-behaviours.js';
import { ServiceNowDesk } from './servicenow.js';
import { serviceNowApi } from './servicenow-api.js';
import type { Version } from './tmf-record.js';
import { TmfDesk } from './tmf621.js';
import { tmf621Api } from './tmf621-api.js';
import { OrderDesk } from './tmf622.js';
import { tmf622Api } from './tmf622-api.js';
import { serviceNowOrderTraits, tmf622ServiceNowApi } from './tmf622-servicenow-api.js';

export interface SandboxOptions {
  /** 0 = any free one. */
  port?: number;
  /** Added to all ticket and order numbers, so that they differ from those of earlier runs, which a store may still hold. */
  numberOffset?: number;
}

/**
 * An offset that increases by one each second: two runs use different numbers, unless one created more than one record per
 * second.
 */
export function numberOffsetByTime(): number {
  return Math.floor(Date.now() / 1000) % 100_000_000;
}

/** Simulated partner systems on one loopback port, and the page that shows their desks side by side. */
export interface Sandbox {
  url: string;
  /** The customer, at `<url>/servicenow`. */
  servicenow: ServiceNowDesk;
  /** Providers, at `<url>/tmf4` and `<url>/tmf5`. */
  tmf(version: Version): TmfDesk;
  /** Vendors that receive orders, at `<url>/orders4`, `<url>/orders5`, and one that runs ServiceNow at `<url>/orderssn`. */
  orders(version: Version | 'servicenow'): OrderDesk;
  /** A provider with ServiceNow's own TMF621 API, at `<url>/csm`. */
  csm: ServiceNowDesk;
  /** The customers and providers of the routing example, each at `<url>/<name>`. */
  routed: RoutedDesks;
  /** Credentials as environment variables, with the names used in the examples. */
  environment: Record<string, string>;
  /**
   * Numbers of webhook and event notifications that were started and finished: if they are equal, every notification has arrived.
   */
  pushes(): PushCounts;
  reset(): void;
  close(): Promise<void>;
}

/** Between the numbers of two desks of the routing example: a number says whose record it is, so that a search finds only that one. */
const DESK_DISTANCE = 10_000_000;

/** Between the numbers of two vendors of the same version. */
const VENDOR_DISTANCE = 200_000;

const TICKETS = '/tmf-api/troubleTicket';
const ORDERS = '/tmf-api/productOrderingManagement';

/** A partner system below a path. */
interface Partner extends SimulatedApi {
  requests: LoggedRequest[];
}

/** Loopback only: its desks can be used by whoever reaches them, and its faults too. */
const HOST = '127.0.0.1';

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  let url = '';
  const secret = () => randomBytes(18).toString('base64url');
  const client = { id: 'switchboard', secret: secret() };
  const tokens = new TokenEndpoint(client, {});
  const changed = () => admin.notifyPages();
  const servicenow = new ServiceNowDesk(changed);
  const csm = new ServiceNowDesk(changed);
  const desks = {
    v4: new TmfDesk('v4', client, tokens, () => `${url}/tmf4${TICKETS}/v4`, changed),
    v5: new TmfDesk('v5', client, tokens, () => `${url}/tmf5${TICKETS}/v5`, changed),
  };
  const vendors = {
    orders5: new OrderDesk('v5', 'Mobile vendor', client, tokens, () => `${url}/orders5${ORDERS}/v5`, changed),
    orders4: new OrderDesk('v4', 'Device vendor', client, tokens, () => `${url}/orders4${ORDERS}/v4`, changed),
    orderssn: new OrderDesk('v4', 'Network vendor', client, tokens, () => '/api/sn_ind_tmt_orm/order', changed),
  };
  const customerDesk = () => new ServiceNowDesk(changed, undefined, servicenow.passwords.switchboard);
  const providerDesk = (name: string, version: Version) =>
    new TmfDesk(version, client, tokens, () => `${url}/${name}${TICKETS}/${version}`, changed);
  const routed: RoutedDesks = {
    customers: { acme: customerDesk(), globex: customerDesk(), initech: customerDesk() },
    providers: { north: providerDesk('north', 'v4'), south: providerDesk('south', 'v5') },
  };
  const instances = [servicenow, csm, ...Object.values(routed.customers)];
  const providers = [...Object.values(desks), ...Object.values(routed.providers)];
  const all = [...instances, ...providers, ...Object.values(vendors)];
  for (const desk of all) desk.numberOffset = options.numberOffset ?? 0;
  for (const desks of [Object.values(routed.customers), Object.values(routed.providers)])
    for (const [index, desk] of desks.entries()) desk.numberOffset += (index + 1) * DESK_DISTANCE;
  vendors.orderssn.numberOffset += VENDOR_DISTANCE;
  const reset = () => {
    for (const desk of all) desk.reset();
    admin.notifyPages();
  };
  const admin = new Admin({ servicenow, providers: desks, vendors, csm, routed, reset });

  type Desk = Pick<Partner, 'faults' | 'behaviours' | 'requests'>;
  const partner = (handler: Handler, { faults, behaviours, requests }: Desk, traits: ApiTraits): Partner => ({
    handler,
    faults,
    behaviours,
    requests,
    traits,
  });
  const instance = (name: string, desk: ServiceNowDesk) =>
    partner(
      serviceNowApi(desk, () => `${url}/${name}`),
      desk,
      serviceNowTraits(desk),
    );
  const tickets = (desk: TmfDesk) => {
    const root = `${TICKETS}/${desk.version}`;
    return partner(
      tmf621Api(desk, root),
      desk,
      tmfTraits(desk.version, root, () => desk.tickets()),
    );
  };
  const orders = (desk: OrderDesk) => {
    const root = `${ORDERS}/${desk.version}`;
    const traits = { ...tmfTraits(desk.version, root, () => desk.orders()), orders: orderBehaviours(desk) };
    if (desk === vendors.orderssn) return partner(tmf622ServiceNowApi(desk), desk, serviceNowOrderTraits(traits));
    return partner(tmf622Api(desk, root), desk, traits);
  };
  const partners: Record<string, Partner> = {
    servicenow: instance('servicenow', servicenow),
    csm: partner(csmApi(csm), csm, csmTraits(csm, CSM_TICKETS)),
    tmf4: tickets(desks.v4),
    tmf5: tickets(desks.v5),
    ...mapDesks(routed.customers, (desk, name) => instance(name, desk)),
    ...mapDesks(routed.providers, tickets),
    ...mapDesks(vendors, orders),
    oauth: partner(
      (request) => tokens.handle(request),
      { faults: desks.v4.faults, behaviours: new Behaviours(), requests: [] },
      tokenTraits,
    ),
  };

  const serve = async (req: IncomingMessage, res: ServerResponse) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://localhost');
    const slash = pathname.indexOf('/', 1);
    const name = pathname.slice(1, slash < 0 ? undefined : slash);
    const found = partners[name];
    if (!found) return admin.serve(req, res, pathname);
    const request = await readRequest(req, slash < 0 ? '/' : pathname.slice(slash), searchParams);
    const status = await answer(found, request, req, res);
    logRequest(found.requests, request, status);
  };
  const server = createServer((req, res) => {
    // Nobody should take an answer of it for one of a real partner.
    res.setHeader('X-Sandbox', 'Switchboard: simulated partner systems');
    serve(req, res).catch((error) => {
      if (!res.headersSent) res.writeHead(500, { 'Content-Type': 'text/plain' });
      res.end(String(error));
    });
  });
  // Clients reuse connections: closing one at that moment would look like a failing partner.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, HOST, resolve);
  });
  const address = server.address();
  url = `http://${HOST}:${typeof address === 'object' && address ? address.port : options.port}`;

  return {
    url,
    servicenow,
    csm,
    routed,
    tmf: (version) => desks[version],
    orders: (version) => vendors[({ v4: 'orders4', v5: 'orders5', servicenow: 'orderssn' } as const)[version]],
    environment: {
      SANDBOX_SERVICENOW_USER: 'switchboard',
      SANDBOX_SERVICENOW_PASSWORD: servicenow.passwords.switchboard ?? '',
      SANDBOX_CSM_PASSWORD: csm.passwords.switchboard ?? '',
      SANDBOX_WEBHOOK_SECRET: secret(),
      SANDBOX_TMF_CLIENT_ID: client.id,
      SANDBOX_TMF_CLIENT_SECRET: client.secret,
    },
    pushes: () => {
      const senders = [...instances, ...[...providers, ...Object.values(vendors)].map((desk) => desk.events)];
      const sum = (which: keyof PushCounts) => senders.reduce((total, { pushes }) => total + pushes[which], 0);
      return { started: sum('started'), finished: sum('finished') };
    },
    reset,
    close: async () => {
      admin.close();
      for (const vendor of Object.values(vendors)) vendor.autoAdvance = undefined;
      for (const desk of instances) desk.webhook = undefined;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
