import { connect } from 'node:net';

/** What is sent over one connection, as it is. */
export interface Shot {
  name: string;
  /** The pieces are written one after the other, as fast as they are taken. */
  pieces: Iterable<string | Buffer>;
  /** The sender ends before the other side answers: no answer is no fault then. */
  incomplete?: boolean;
}

/** What came back; `closed` where the other side ended the connection without an answer, `silent` where it did nothing in time. */
export interface Hit {
  shot: string;
  status: number | 'closed' | 'silent';
  text: string;
}

/** Sends a shot and reads the first answer. */
export function fire(url: string, { name, pieces }: Shot, patience: number): Promise<Hit> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    const done = (missing: 'closed' | 'silent') => {
      clearTimeout(timer);
      socket.destroy();
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
      resolve({ shot: name, status: status ? Number(status) : missing, text });
    };
    const timer = setTimeout(() => done('silent'), patience);
    socket.on('data', (chunk: Buffer) => {
      if (text.length < 100_000) text += chunk.toString('latin1');
      if (isWhole(text)) done('closed');
    });
    socket.on('error', () => done('closed'));
    socket.on('close', () => done('closed'));
    const iterator = pieces[Symbol.iterator]();
    const write = () => {
      for (;;) {
        const { value, done: ended } = iterator.next();
        if (ended || socket.destroyed) return;
        if (!socket.write(value as string | Buffer)) {
          socket.once('drain', write);
          return;
        }
      }
    };
    socket.once('connect', write);
  });
}

/** Whether an answer is there with its body; one in chunks is read until the connection ends. */
function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  const length = /^content-length: (\d+)/im.exec(text)?.[1];
  return head >= 0 && length !== undefined && text.length >= head + 4 + Number(length);
}

/** What no answer may show: how the code looks inside. */
export const INSIDES =
  /\b(Type|Range|Reference|Syntax|URI|Eval)Error\b|\bat .+\.[cm]?[jt]s:\d+|node_modules|Cannot (read|set) propert|call stack/;

/** What is wrong with an answer; undefined where nothing is. */
export function faultOf({ shot, status, text }: Hit): string | undefined {
  const shown = `${shot}: ${status} ${text.split('\r\n\r\n')[1]?.slice(0, 200) ?? ''}`;
  if (typeof status === 'number' && status >= 500 && status !== 503) return shown;
  if (INSIDES.test(text)) return shown;
  return status === 'silent' ? `${shot}: no answer` : undefined;
}
