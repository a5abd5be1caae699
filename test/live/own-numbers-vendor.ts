import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface VendorItem {
  id: string;
  state?: string;
  quantity?: number;
  productOffering?: { id?: string; name?: string };
}

export interface VendorOrder {
  id: string;
  externalId?: string;
  state: string;
  productOrderItem: VendorItem[];
  [attribute: string]: unknown;
}

/** A vendor that takes orders by TMF622 v4 (as little of it as is needed) and numbers their items as it likes. It shares no code with the stand-ins. */
export class OwnNumbersVendor {
  readonly orders: VendorOrder[] = [];
  /** What it makes of the items of a new order. */
  numbers: (items: VendorItem[]) => VendorItem[] = (items) => items;
  /** It takes a new order, and has no items to show until they are `filled`. */
  slow = false;
  patches = 0;
  private constructor(private readonly server: Server) {}

  static async start(): Promise<OwnNumbersVendor> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const vendor = new OwnNumbersVendor(server);
    server.on('request', (request, response) => void vendor.answer(request, response));
    return vendor;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** What was ordered under a name, whatever its number. */
  things(order: VendorOrder, name: string): VendorItem[] {
    return order.productOrderItem.filter((item) => item.productOffering?.name === name);
  }

  /** Shows the items of the newest order. */
  filled: () => void = () => undefined;

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const say = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const [, id] = /\/productOrder(?:\/([^/]+))?$/.exec(pathname) ?? [];
    const order = this.orders.find((one) => one.id === id);
    if (!/\/productOrder(\/|$)/.test(pathname)) return void say(404, { code: '404', reason: 'not found' });
    if (request.method === 'POST') return void say(201, this.take(await bodyOf(request)));
    if (id && !order) return void say(404, { code: '404', reason: 'not found' });
    if (request.method === 'PATCH' && order) {
      this.patches++;
      Object.assign(order, await bodyOf(request));
      for (const item of order.productOrderItem) item.state ??= 'acknowledged';
      return void say(200, order);
    }
    const wanted = searchParams.get('externalId');
    const list = Number(searchParams.get('offset') ?? 0) > 0 ? [] : this.orders;
    say(200, order ?? list.filter((one) => wanted === null || one.externalId === wanted));
  }

  private take(given: Record<string, unknown>): VendorOrder {
    const order: VendorOrder = {
      ...given,
      id: `V-${this.orders.length + 1}`,
      state: 'acknowledged',
      orderDate: new Date().toISOString(),
      productOrderItem: [],
    };
    const items = this.numbers(given.productOrderItem as VendorItem[]).map((item) => ({ ...item, state: 'acknowledged' }));
    this.filled = () => {
      order.productOrderItem = items;
    };
    if (!this.slow) this.filled();
    this.orders.push(order);
    return order;
  }
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as Record<string, unknown>;
}
