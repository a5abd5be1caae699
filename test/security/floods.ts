import { connect, type Socket } from 'node:net';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { request } from './corpus.js';
import { SIZES } from './limits.js';
import type { Shot } from './shot.js';
import type { Surface } from './surfaces.js';

const block = Buffer.alloc(16 * 2 ** 20, ' ');

/** Bodies that are small until they are unpacked, by Content-Encoding. */
export function bombs(): Record<string, Buffer> {
  const once = {
    gzip: gzipSync(block),
    deflate: deflateSync(block),
    br: brotliCompressSync(block, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  };
  return {
    // Members of gzip follow each other.
    gzip: Buffer.concat(Array.from({ length: SIZES.bomb / block.length }, () => once.gzip)),
    deflate: once.deflate,
    br: once.br,
    'gzip, gzip': gzipSync(Buffer.concat(Array.from({ length: SIZES.bomb / block.length }, () => once.gzip))),
    'br, gzip, deflate': deflateSync(gzipSync(once.br)),
    'gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip': Array.from({ length: 8 }).reduce((body: Buffer) => gzipSync(body), block),
  };
}

/** The bombs at one surface. */
export function bombsAt(surface: Surface): Shot[] {
  return Object.entries(bombs()).map(([coding, body]) =>
    request(surface, `${surface.name}, a bomb: ${coding}`, body, { 'Content-Encoding': coding }),
  );
}

/** The headers of a request whose connection stays. */
export const headOf = ({ method, path, headers }: Surface, more: Record<string, string>) =>
  [
    `${method} ${path} HTTP/1.1`,
    ...Object.entries({ Host: 'localhost', ...headers, ...more }).map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ].join('\r\n');

/** Bodies without an end: announced, in chunks. Each stops when the other side has had enough, or after what no limit allows. */
export function endless(surface: Surface): Shot[] {
  const piece = Buffer.alloc(65_536, 'x');
  function* pieces(head: string, frame: (bytes: Buffer) => Buffer): Generator<string | Buffer> {
    yield head;
    for (let sent = 0; sent < 64 * 2 ** 20; sent += piece.length) yield frame(piece);
  }
  const chunk = (bytes: Buffer) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  const announced = headOf(surface, { 'Content-Length': String(10 * 2 ** 30) });
  const chunked = headOf(surface, { 'Transfer-Encoding': 'chunked' });
  return [
    { name: `${surface.name}, ten gigabytes`, pieces: pieces(announced, (bytes) => bytes) },
    { name: `${surface.name}, endless chunks`, pieces: pieces(chunked, chunk) },
  ];
}

/** Many connections that stay: each sends most of a body, or a byte now and then, until it is closed or `release` is called. */
export class Crowd {
  private readonly sockets: Socket[] = [];
  private readonly timers: NodeJS.Timeout[] = [];
  /** Of them, those that were refused or ended by the other side. */
  ended = 0;

  constructor(private readonly url: string) {}

  /** Connections that send all of a body but its last byte. Resolves when all have sent it or were refused. */
  async withBodies(surface: Surface, bytes: number, count: number): Promise<void> {
    const body = Buffer.alloc(bytes - 1, ' ');
    const head = headOf(surface, { 'Content-Length': String(bytes) });
    await Promise.all(
      Array.from(
        { length: count },
        () =>
          new Promise<void>((done) => {
            const socket = this.open(done);
            socket.write(head);
            socket.write(body, () => done());
            socket.once('data', () => done());
          }),
      ),
    );
  }

  /** Connections that send a byte at a time: of the headers, or of the body. */
  dripping(surface: Surface, part: 'headers' | 'body', count: number): void {
    const head = headOf(surface, { 'Content-Length': '1000' });
    for (let i = 0; i < count; i++) {
      const socket = this.open();
      const rest = part === 'body' ? '' : head;
      if (part === 'body') socket.write(head);
      let at = 0;
      this.timers.push(
        setInterval(() => {
          if (!socket.destroyed) socket.write(rest[at++] ?? 'x');
        }, 200),
      );
    }
  }

  release(): void {
    for (const timer of this.timers) clearInterval(timer);
    for (const socket of this.sockets) socket.destroy();
  }

  private open(ended: () => void = () => undefined): Socket {
    const { hostname, port } = new URL(this.url);
    const socket = connect(Number(port), hostname);
    this.sockets.push(socket);
    socket.on('data', () => undefined);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.ended++;
      ended();
    });
    return socket;
  }
}
