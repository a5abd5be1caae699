import { createServer, type Socket } from 'node:net';

/** One request as it came over a connection. */
export interface RawRequest {
  /** The request line and the headers, as they were sent. */
  head: string;
  body: string;
  socket: Socket;
  /** Which connection it came over, from 1. */
  connection: number;
}

export interface RawServer {
  url: string;
  requests: RawRequest[];
  sockets: Socket[];
  close(): Promise<void>;
}

/** A server that answers bytes, to do what an HTTP server would not. Request bodies have a Content-Length, or are ignored. */
export function rawServer(answer: (request: RawRequest) => void, host = '127.0.0.1'): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const connection = sockets.push(socket);
    let received = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      for (;;) {
        const end = received.indexOf('\r\n\r\n');
        const head = received.slice(0, end);
        const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        if (end < 0 || received.length < end + 4 + length) return;
        const request = { head, body: received.slice(end + 4, end + 4 + length), socket, connection };
        received = received.slice(end + 4 + length);
        requests.push(request);
        answer(request);
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as { port: number };
      resolve({
        url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
        requests,
        sockets,
        close: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
}

/** An answer with a Content-Length. */
export function answerText(body: string | Buffer, headers: readonly string[] = [], status = '200 OK'): Buffer {
  const bytes = Buffer.from(body as string);
  const lines = [`HTTP/1.1 ${status}`, `Content-Length: ${bytes.length}`, ...headers, '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), bytes]);
}
