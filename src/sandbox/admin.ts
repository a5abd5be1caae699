import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { checkHost, checkJson, checkSameOrigin } from '../http/browser-guard.js';
import { PAGE_HEADERS } from '../http/page-headers.js';
import { mapDesks, type RoutedDesks } from './desks.js';
import { readRequest, sendReply } from './exchange.js';
import { addOrderLine, customerOrders, placeCustomerOrder, vendorActions, vendorOrders } from './order-actions.js';
import type { ServiceNowDesk } from './servicenow.js';
import { hubActions, simulationActions, simulationState } from './simulation-actions.js';
import type { Version } from './tmf-record.js';
import type { Ticket, TmfDesk } from './tmf621.js';
import type { OrderDesk } from './tmf622.js';

interface Desks {
  servicenow: ServiceNowDesk;
  csm: ServiceNowDesk;
  providers: Record<Version, TmfDesk>;
  vendors: Record<string, OrderDesk>;
  routed: RoutedDesks;
  reset: () => void;
}

type Values = Record<string, string>;
type Action = (values: Values) => unknown;

const TYPES: Record<string, string> = { '.html': 'text/html;charset=utf-8', '.css': 'text/css', '.js': 'text/javascript' };
/** Maximum number of tickets and of orders shown on the page. */
const MAX_SHOWN = 100;

/** Serves the page that shows the desks, its actions, and its stream of change events. */
export class Admin {
  private readonly streams = new Set<ServerResponse>();
  private pendingNotice: NodeJS.Timeout | undefined;

  constructor(private readonly desks: Desks) {}

  /** Notifies open pages of a change; several changes at once cause one notification. */
  notifyPages(): void {
    if (this.pendingNotice || this.streams.size === 0) return;
    this.pendingNotice = setTimeout(() => {
      this.pendingNotice = undefined;
      for (const stream of this.streams) stream.write('data: changed\n\n');
    }, 30);
  }

  close(): void {
    clearTimeout(this.pendingNotice);
    for (const stream of this.streams) stream.end();
  }

  async serve(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    if (!path.startsWith('/_sandbox/')) return page(res, path);
    const reason = rejectionReason(req);
    if (reason) return sendReply(res, { status: 403, body: { message: reason } });
    if (path === '/_sandbox/events') return this.stream(req, res);
    if (path === '/_sandbox/state') return sendReply(res, { status: 200, body: this.state() });
    if (req.method === 'POST') return this.act(req, res, path.slice('/_sandbox/'.length));
    sendReply(res, { status: 404, body: { message: 'Not found.' } });
  }

  private stream(req: IncomingMessage, res: ServerResponse): void {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    res.write('data: hello\n\n');
    this.streams.add(res);
    req.once('close', () => this.streams.delete(res));
  }

  private state(): unknown {
    const { servicenow, csm, providers, vendors, routed } = this.desks;
    const newest = <T>(list: T[]) => list.slice(-MAX_SHOWN).reverse();
    const incidents = (desk: ServiceNowDesk) => ({
      ...simulationState(desk),
      tickets: newest(desk.rows('incident')).map((row) => ({
        ...row,
        journal: desk.journal(row.sys_id),
        attachments: desk.attachments(row.sys_id),
      })),
    });
    const tickets = (desk: TmfDesk) => ({
      ...simulationState(desk),
      version: desk.version,
      hubs: desk.hubs().length,
      tickets: newest(desk.tickets()),
    });
    return {
      customer: { ...incidents(servicenow), orders: customerOrders(servicenow, Object.values(vendors), MAX_SHOWN) },
      providers: mapDesks(providers, tickets),
      routed: { customers: mapDesks(routed.customers, incidents), providers: mapDesks(routed.providers, tickets) },
      vendors: mapDesks(vendors, (desk) => vendorOrders(desk, MAX_SHOWN)),
      csm: simulationState(csm),
    };
  }

  private async act(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    const request = await readRequest(req, path, new URLSearchParams());
    try {
      const values = JSON.parse(request.body.toString('utf8') || '{}') as Values;
      const action = this.action(path);
      if (!action) return sendReply(res, { status: 404, body: { message: `Unknown action ${path}.` } });
      sendReply(res, { status: 200, body: action(values) ?? {} });
      this.notifyPages();
    } catch (error) {
      sendReply(res, { status: 400, body: { message: error instanceof Error ? error.message : String(error) } });
    }
  }

  private action(path: string): Action | undefined {
    const [desk = '', name = ''] = path.split('/');
    if (desk === 'reset') return () => this.desks.reset();
    if (desk === 'csm') return simulationActions(this.desks.csm)[name];
    const { customers, providers } = this.desks.routed;
    const customer = desk === 'servicenow' ? this.desks.servicenow : (customers as Record<string, ServiceNowDesk>)[desk];
    if (customer) return customerActions(customer)[name];
    const provider = this.desks.providers[desk as Version] ?? (providers as Record<string, TmfDesk>)[desk];
    if (provider) return providerActions(provider)[name];
    const vendor = this.desks.vendors[desk];
    return vendor ? { ...vendorActions(vendor), ...simulationActions(vendor), ...hubActions(vendor.events) }[name] : undefined;
  }
}

function customerActions(desk: ServiceNowDesk): Record<string, Action> {
  return {
    create: (v) => desk.create(v.table ?? 'incident', v),
    placeOrder: (v) => placeCustomerOrder(desk, v),
    addLine: (v) => addOrderLine(desk, v),
    update: ({ id = '', table = 'incident', ...fields }) => desk.update(table, id, fields),
    comment: (v) => desk.comment(v.table ?? 'incident', v.id ?? '', v.text ?? ''),
    workNote: (v) => desk.workNote(v.table ?? 'incident', v.id ?? '', v.text ?? ''),
    attach: (v) =>
      desk.attach(
        v.table ?? 'incident',
        v.id ?? '',
        v.name ?? 'file',
        v.mimeType || 'application/octet-stream',
        Buffer.from(v.content ?? '', 'base64'),
      ),
    webhook: (v) => {
      desk.webhook = v.url
        ? {
            url: v.url,
            secret: v.secret ?? '',
            ...(v.header && { header: v.header }),
            ...(v.retries && { retries: Number(v.retries) }),
          }
        : undefined;
    },
    ...simulationActions(desk),
  };
}

function providerActions(desk: TmfDesk): Record<string, Action> {
  return {
    create: (v): Ticket => desk.create({ ...(desk.version === 'v5' && { '@type': 'TroubleTicket' }), ...v }),
    patch: ({ id = '', ...fields }) => desk.patch(id, fields),
    status: (v) => desk.setStatus(v.id ?? '', v.status ?? '', v.reason),
    note: (v) => desk.addNote(v.id ?? '', v.text ?? ''),
    attach: (v) =>
      desk.attach(v.id ?? '', v.name ?? 'file', v.mimeType || 'application/octet-stream', Buffer.from(v.content ?? '', 'base64')),
    ...simulationActions(desk),
    ...hubActions(desk.events),
  };
}

/** Why a request is rejected: only our own page and programs may use the desks, not other sites' pages. */
function rejectionReason({ headers, method }: IncomingMessage): string | undefined {
  try {
    checkHost(headers);
    checkSameOrigin(headers);
    if (method === 'POST') checkJson(headers);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Serves the files of the page, which are built next to this file. */
async function page(res: ServerResponse, path: string): Promise<void> {
  const name = path === '/' ? 'index.html' : path.slice(1);
  const type = TYPES[/\.\w+$/.exec(name)?.[0] ?? ''];
  if (!type || !/^[\w.-]+$/.test(name)) return sendReply(res, { status: 404, body: { message: 'Not found.' } });
  try {
    sendReply(res, {
      status: 200,
      headers: { ...PAGE_HEADERS, 'Content-Type': type },
      body: await readFile(join(__dirname, 'page', name)),
    });
  } catch {
    sendReply(res, { status: 404, body: { message: 'The page is not built. Run: npm run build' } });
  }
}
