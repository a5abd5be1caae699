import { createServer } from 'node:net';

/** The test string of EICAR, put together so that no scanner takes this file for an infected one. */
export const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');

export interface FakeClamd {
  address: string;
  /** Contents that it was sent. */
  scanned: string[];
  /** What it answers instead of a verdict: bytes; `hang`: nothing; `close`: it closes the connection. */
  instead?: string;
  close(): Promise<void>;
}

/** ClamAV's daemon, as far as its INSTREAM command goes, over TCP or at a path. `limit`: its StreamMaxLength, bytes. */
export function fakeClamd({
  path,
  port = 0,
  limit = 1024 ** 2,
}: {
  path?: string;
  port?: number;
  limit?: number;
} = {}): Promise<FakeClamd> {
  const scanned: string[] = [];
  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    let content = Buffer.alloc(0);
    let greeted = false;
    const reply = (text: string) => socket.end(`${text}\0`);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (!greeted && received.length >= 10) {
        if (received.subarray(0, 10).toString() !== 'zINSTREAM\0') return reply('UNKNOWN COMMAND');
        greeted = true;
        received = received.subarray(10);
        if (fake.instead === 'close') return socket.destroy();
      }
      while (greeted && received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) {
        const length = received.readUInt32BE(0);
        content = Buffer.concat([content, received.subarray(4, 4 + length)]);
        received = received.subarray(4 + length);
        if (content.length > limit) return reply('INSTREAM size limit exceeded. ERROR');
        if (length > 0) continue;
        scanned.push(content.toString());
        if (fake.instead === 'hang') return;
        if (fake.instead) return reply(fake.instead);
        return reply(content.includes(EICAR) ? 'stream: Eicar-Test-Signature FOUND' : 'stream: OK');
      }
    });
  });
  const fake: FakeClamd = {
    address: '',
    scanned,
    close: () => new Promise((done) => server.close(() => done())),
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const ready = () => {
      const at = server.address();
      fake.address = typeof at === 'string' ? at : `127.0.0.1:${at?.port}`;
      resolve(fake);
    };
    if (path) server.listen(path, ready);
    else server.listen(port, '127.0.0.1', ready);
  });
}
