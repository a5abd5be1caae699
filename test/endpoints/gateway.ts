import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a gateway in front of a partner does with a request and its answer. */
export interface GatewayBehaviour {
  /** Offset of the dates of its answers, milliseconds. */
  dates?: number;
  /** The most rows per page, whatever is requested, without saying how many there are. */
  page?: number;
  /** Longer pages are refused. */
  most?: number;
  /** Status of a page past the end. */
  past?: 400 | 416;
  /** Length to which written text fields are cut. */
  cut?: number;
  /** Answers to changes repeat what was sent, whatever is stored. */
  repeats?: boolean;
  /** What another user does, once, between a change and its answer. */
  meanwhile?: () => Promise<unknown>;
}

const SIZE = ['sysparm_limit', 'limit'];
const PLACE = ['sysparm_offset', 'offset'];

/** A gateway in front of a partner, on a port of its own, with the current `behaviour`. */
export class Gateway {
  behaviour: GatewayBehaviour = {};
  private readonly server: Server;

  private constructor(private readonly target: string) {
    this.server = createServer((req, res) => void this.pass(req, res));
    // As in the sandbox: closing a connection that a client reuses at that moment would look like a failing partner.
    this.server.keepAliveTimeout = 65_000;
  }

  static async start(target: string): Promise<Gateway> {
    const gateway = new Gateway(target);
    await new Promise<void>((resolve) => gateway.server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { dates = 0, page, most, past, cut, repeats } = this.behaviour;
    const url = new URL(req.url ?? '/', this.target);
    const size = SIZE.find((name) => url.searchParams.has(name));
    if (req.method === 'GET' && size && most !== undefined && Number(url.searchParams.get(size)) > most)
      return refuse(res, 400, `The limit must not be larger than ${most}.`);
    if (req.method === 'GET' && size && page !== undefined)
      url.searchParams.set(size, String(Math.min(page, Number(url.searchParams.get(size)))));
    const given = await bytes(req);
    const body = cut === undefined ? given : cutTexts(given, cut);
    const headers = { ...req.headers, host: url.host, 'content-length': String(body.length) };
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      request(url, { method: req.method, headers }, resolve).on('error', reject).end(body),
    );
    const kept = await bytes(answer);
    const { meanwhile } = this.behaviour;
    if (meanwhile && req.method === 'PATCH') {
      this.behaviour = { ...this.behaviour, meanwhile: undefined };
      await meanwhile();
    }
    const content = repeats && req.method === 'PATCH' ? repeated(kept, given) : kept;
    const isFurther = PLACE.some((name) => Number(url.searchParams.get(name) ?? 0) > 0);
    if (past !== undefined && isFurther && /^(\{"result":)?\[\]\}?$/.test(content.toString('utf8')))
      return refuse(res, past, 'There is nothing at that place.');
    const date = new Date(Date.parse(answer.headers.date ?? '') + dates).toUTCString();
    const { link: _, 'x-total-count': __, 'content-range': ___, ...partial } = answer.headers;
    const { 'content-length': ____, ...head } = page === undefined ? answer.headers : partial;
    res.writeHead(answer.statusCode ?? 500, { ...head, date });
    res.end(content);
  }
}

async function bytes(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** An error in the form of both families of APIs. */
function refuse(res: ServerResponse, status: number, words: string): void {
  res.writeHead(status, { 'Content-Type': 'application/json' });
  res.end(
    JSON.stringify({ code: '28', reason: words, message: words, error: { message: words, detail: words }, status: 'failure' }),
  );
}

/** An answer that repeats what was sent. */
function repeated(answer: Buffer, sent: Buffer): Buffer {
  const body = JSON.parse(answer.toString('utf8')) as Record<string, unknown>;
  const record = (body.result ?? body) as Record<string, unknown>;
  const texts = Object.entries(JSON.parse(sent.toString('utf8')) as Record<string, unknown>).filter(
    ([name, value]) => name in record && typeof value === 'string',
  );
  Object.assign(record, Object.fromEntries(texts));
  return Buffer.from(JSON.stringify(body));
}

function cutTexts(body: Buffer, length: number): Buffer {
  if (body.length === 0) return body;
  const fields = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  const kept = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' && !name.startsWith('@') ? value.slice(0, length) : value,
  ]);
  return Buffer.from(JSON.stringify(Object.fromEntries(kept)));
}
