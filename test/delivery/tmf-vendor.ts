import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { createTmf622Client } from '../../src/endpoints/tmf622/client.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { PATIENCE } from '../patience.js';

/** TMF622 v4, v5, or ServiceNow's form of it. */
export type Tongue = 'v4' | 'v5' | 'servicenow';

export interface VendorOrder {
  id: string;
  state: string;
  externalId?: unknown;
  productOrderItem: VendorItem[];
  [attribute: string]: unknown;
}

export interface VendorItem {
  id: string;
  state?: string;
  quantity?: number;
  [attribute: string]: unknown;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

const STARTED = Date.now();
/** What is missing from a list for half a minute counts as deleted: a minute is a fifth of a second. */
const fast = () => STARTED + (Date.now() - STARTED) * 300;

/** The word of a new order in each tongue. */
const NEW: Record<Tongue, string> = { v4: 'acknowledged', v5: 'acknowledged', servicenow: 'new' };

/** A vendor's order API over HTTP, as small as it can be; a test says what it makes of an order. It shares nothing with the sandbox. */
export class TmfVendor {
  readonly orders: VendorOrder[] = [];
  /** The bodies of the PATCHes that it got. */
  readonly patches: Record<string, unknown>[] = [];
  posts = 0;
  /** What it makes of a new order. */
  onCreate: (order: VendorOrder) => void = () => undefined;
  /** How it answers a POST whose order it has taken. */
  created: (order: VendorOrder) => Answer = (order) => ({ status: 201, body: order });
  /** What it answers to a PATCH instead of doing it. */
  refusal: ((body: Record<string, unknown>) => Answer | undefined) | undefined;
  /** Orders that a list does not show. */
  readonly unlisted = new Set<string>();

  private constructor(
    readonly tongue: Tongue,
    private readonly server: Server,
  ) {}

  static async start(tongue: Tongue): Promise<TmfVendor> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const vendor = new TmfVendor(tongue, server);
    server.on('request', (request, response) => void vendor.respond(request, response));
    return vendor;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  client(id: string, name: string): EndpointClient {
    const http = createHttpClient({
      name,
      baseUrl: this.url,
      auth: { kind: 'none' },
      timeout: PATIENCE,
      rateLimit: 0,
      concurrency: 8,
    });
    const version = this.tongue === 'v4' ? 'v4' : 'v5';
    const profile = this.tongue === 'servicenow' ? 'servicenow' : 'standard';
    return createTmf622Client({ id, name, http, version, profile, arrayMode: 'replace', clock: fast });
  }

  /** The newest order. */
  get order(): VendorOrder {
    const order = this.orders.at(-1);
    if (!order) throw new Error('the vendor has no order');
    return order;
  }

  item(id: string, order = this.order): VendorItem {
    const item = order.productOrderItem.find((one) => one.id === id);
    if (!item) throw new Error(`no item ${id}`);
    return item;
  }

  /** A further order that the vendor makes of one, with our reference. */
  split(order: VendorOrder, ...items: VendorItem[]): VendorOrder {
    const another = { ...structuredClone(order), id: `${order.id}-B`, productOrderItem: items };
    this.orders.push(another);
    return another;
  }

  private async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const body = await bodyOf(request);
    const { status, headers, body: answer } = this.answer(request.method ?? '', pathname, searchParams, body);
    const date = { 'content-type': 'application/json', ...headers };
    response.writeHead(status, date).end(answer === undefined ? undefined : JSON.stringify(answer));
  }

  private answer(method: string, path: string, query: URLSearchParams, body: Record<string, unknown>): Answer {
    const [found, id] = /\/productOrder(?:\/([^/]+))?$/.exec(path) ?? [];
    if (!found) return { status: 404, body: { code: '404', reason: 'not found' } };
    if (method === 'POST') return this.take(body);
    const order = this.orders.find((one) => one.id === id);
    if (id && !order) return { status: 404, body: { code: '404', reason: 'not found' } };
    if (method === 'PATCH' && order) {
      this.patches.push(body);
      const refused = this.refusal?.(body);
      if (refused) return refused;
      const { productOrderItem: given, ...rest } = body as Partial<VendorOrder>;
      Object.assign(order, rest);
      // ServiceNow changes the items that a list names, and adds the others.
      if (given && this.tongue !== 'servicenow') order.productOrderItem = given;
      for (const item of this.tongue === 'servicenow' ? (given ?? []) : []) {
        const known = order.productOrderItem.find(({ id }) => id === item.id);
        if (known) Object.assign(known, item);
        else order.productOrderItem.push(item);
      }
      for (const item of order.productOrderItem) item.state ??= NEW[this.tongue];
      return { status: 200, body: order };
    }
    if (order) return { status: 200, body: order };
    const wanted = query.get('externalId') ?? query.get('externalId.id');
    const listed = Number(query.get('offset') ?? 0) > 0 ? [] : this.orders.filter((one) => !this.unlisted.has(one.id));
    return { status: 200, body: listed.filter((one) => wanted === null || JSON.stringify(one.externalId).includes(wanted)) };
  }

  private take(body: Record<string, unknown>): Answer {
    this.posts++;
    const items = (body.productOrderItem as VendorItem[]).map((item) => ({ ...item, state: NEW[this.tongue] }));
    const order: VendorOrder = {
      ...body,
      id: `V-${this.orders.length + 1}`,
      state: NEW[this.tongue],
      orderDate: new Date().toISOString(),
      productOrderItem: items,
    };
    this.onCreate(order);
    this.orders.push(order);
    return this.created(order);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
