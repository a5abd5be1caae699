import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { checkHost, checkJson, checkSameOrigin } from '../http/browser-guard.js';
import { PAGE_HEADERS } from '../http/page-headers.js';
import { readRequest, sendReply } from './exchange.js';
import { customerOrders, place, vendorActions, vendorOrders } from './order-actions.js';
import type { ServiceNowDesk } from './servicenow.js';
import { hubActions, simulationActions, simulationState } from './simulation-actions.js';
import type { Version } from './tmf-record.js';
import type { Ticket, TmfDesk } from './tmf621.js';
import type { OrderDesk } from './tmf622.js';

interface Desks {
  servicenow: ServiceNowDesk;
  csm: ServiceNowDesk;
  desks: Record<Version, TmfDesk>;
  vendors: Record<Version, OrderDesk>;
  reset: () => void;
}

type Values = Record<string, string>;
type Action = (values: Values) => unknown;

const TYPES: Record<string, string> = { '.html': 'text/html;charset=utf-8', '.css': 'text/css', '.js': 'text/javascript' };
/** Tickets and orders shown: the page is for people. */
const MOST_SHOWN = 100;

/** The page that shows the desks, what a person does on it, and the stream that tells it of changes. */
export class Admin {
  private readonly streams = new Set<ServerResponse>();
  private told: NodeJS.Timeout | undefined;

  constructor(private readonly of: Desks) {}

  /** Tells open pages that something changed; several changes at once are told once. */
  changed(): void {
    if (this.told || this.streams.size === 0) return;
    this.told = setTimeout(() => {
      this.told = undefined;
      for (const stream of this.streams) stream.write('data: changed\n\n');
    }, 30);
  }

  close(): void {
    clearTimeout(this.told);
    for (const stream of this.streams) stream.end();
  }

  async serve(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    if (!path.startsWith('/_sandbox/')) return page(res, path);
    const refused = refusal(req);
    if (refused) return sendReply(res, { status: 403, body: { message: refused } });
    if (path === '/_sandbox/events') return this.stream(req, res);
    if (path === '/_sandbox/state') return sendReply(res, { status: 200, body: this.state() });
    if (req.method === 'POST') return this.act(req, res, path.slice('/_sandbox/'.length));
    sendReply(res, { status: 404, body: { message: 'Not found' } });
  }

  private stream(req: IncomingMessage, res: ServerResponse): void {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    res.write('data: hello\n\n');
    this.streams.add(res);
    req.once('close', () => this.streams.delete(res));
  }

  private state(): unknown {
    const { servicenow, csm, desks, vendors } = this.of;
    const newest = <T>(list: T[]) => list.slice(-MOST_SHOWN).reverse();
    return {
      customer: {
        ...simulationState(servicenow),
        tickets: newest(servicenow.rows('incident')).map((row) => ({
          ...row,
          journal: servicenow.journal(row.sys_id),
          attachments: servicenow.attachments(row.sys_id),
        })),
        orders: customerOrders(servicenow, MOST_SHOWN),
      },
      providers: Object.fromEntries(
        Object.entries(desks).map(([version, desk]) => [
          version,
          { ...simulationState(desk), hubs: desk.hubs().length, tickets: newest(desk.tickets()) },
        ]),
      ),
      vendors: {
        orders4: vendorOrders(vendors.v4, MOST_SHOWN),
        orders5: vendorOrders(vendors.v5, MOST_SHOWN),
      },
      csm: simulationState(csm),
    };
  }

  private async act(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    const request = await readRequest(req, path, new URLSearchParams());
    try {
      const values = JSON.parse(request.body.toString('utf8') || '{}') as Values;
      const action = this.action(path);
      if (!action) return sendReply(res, { status: 404, body: { message: `There is no action ${path}.` } });
      sendReply(res, { status: 200, body: action(values) ?? {} });
      this.changed();
    } catch (error) {
      sendReply(res, { status: 400, body: { message: error instanceof Error ? error.message : String(error) } });
    }
  }

  private action(path: string): Action | undefined {
    const [desk = '', name = ''] = path.split('/');
    if (desk === 'reset') return () => this.of.reset();
    if (desk === 'servicenow') return this.customer()[name];
    if (desk === 'csm') return simulationActions(this.of.csm)[name];
    const provider = this.of.desks[desk as Version];
    if (provider) return providerActions(provider)[name];
    const vendor = desk.startsWith('orders') && this.of.vendors[desk.replace('orders', 'v') as Version];
    return vendor ? { ...vendorActions(vendor), ...simulationActions(vendor), ...hubActions(vendor.events) }[name] : undefined;
  }

  private customer(): Record<string, Action> {
    const { servicenow } = this.of;
    return {
      create: (v) => servicenow.create(v.table ?? 'incident', v),
      placeOrder: (v) => place(servicenow, v),
      update: ({ id = '', table = 'incident', ...fields }) => servicenow.update(table, id, fields),
      comment: (v) => servicenow.comment(v.table ?? 'incident', v.id ?? '', v.text ?? ''),
      workNote: (v) => servicenow.workNote(v.table ?? 'incident', v.id ?? '', v.text ?? ''),
      attach: (v) =>
        servicenow.attach(
          v.table ?? 'incident',
          v.id ?? '',
          v.name ?? 'file',
          v.mimeType || 'application/octet-stream',
          Buffer.from(v.content ?? '', 'base64'),
        ),
      webhook: (v) => {
        servicenow.webhook = v.url
          ? {
              url: v.url,
              secret: v.secret ?? '',
              ...(v.header && { header: v.header }),
              ...(v.retries && { retries: Number(v.retries) }),
            }
          : undefined;
      },
      ...simulationActions(servicenow),
    };
  }
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

/** Why a request is not taken: the desks are worked on by their own page and by programs, not by other sites' pages. */
function refusal({ headers, method }: IncomingMessage): string | undefined {
  try {
    checkHost(headers);
    checkSameOrigin(headers);
    if (method === 'POST') checkJson(headers);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Files of the page, as they were built beside this file. */
async function page(res: ServerResponse, path: string): Promise<void> {
  const name = path === '/' ? 'index.html' : path.slice(1);
  const type = TYPES[/\.\w+$/.exec(name)?.[0] ?? ''];
  if (!type || !/^[\w.-]+$/.test(name)) return sendReply(res, { status: 404, body: { message: 'Not found' } });
  try {
    sendReply(res, {
      status: 200,
      headers: { ...PAGE_HEADERS, 'Content-Type': type },
      body: await readFile(join(__dirname, 'page', name)),
    });
  } catch {
    sendReply(res, { status: 404, body: { message: 'The page is not built: npm run build.' } });
  }
}
