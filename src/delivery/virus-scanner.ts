import { createReadStream } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { finished, pipeline } from 'node:stream/promises';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { FileError } from './file-error.js';

/** Scans files before they are passed on. */
export interface VirusScanner {
  /**
   * What is found in a file: the name of the signature; undefined: nothing. Throws FileError where the file cannot be scanned
   * (`waits`: now), SWB_CLOSED after the signal.
   */
  scan(path: string, signal: AbortSignal): Promise<string | undefined>;
}

/** Milliseconds without progress: clamd answers after it has scanned the whole file. */
const SILENCE = 120_000;
/** Characters of an answer; the longest names of signatures have some dozens. */
const LONGEST_ANSWER = 1_024;
const CHUNK = 64 * 1024;

/**
 * The scanner at an address, as in SWITCHBOARD_CLAMD: `host:port`, or the path of a Unix socket. Undefined if there is no address:
 * nothing is scanned. With one that is invalid, every scan fails.
 */
export function virusScanner(address: string | undefined): VirusScanner | undefined {
  return address?.trim() ? new Clamd(address.trim()) : undefined;
}

/** ClamAV's daemon, by its INSTREAM command (clamd(8)): chunks after their length in four bytes, the last one empty. */
class Clamd implements VirusScanner {
  constructor(private readonly address: string) {}

  async scan(path: string, signal: AbortSignal): Promise<string | undefined> {
    const socket = connect(targetOf(this.address));
    socket.setTimeout(SILENCE, () => socket.destroy(new Error(say`it does not answer`)));
    const over = new AbortController();
    signal.addEventListener('abort', () => socket.destroy(), { once: true, signal: over.signal });
    try {
      const answer = answerOf(socket);
      // Clamd may answer before it has the whole file, and close the connection: its answer counts.
      pipeline(command(path), socket, { end: false, signal: over.signal }).catch(() => undefined);
      return this.read(await answer);
    } catch (error) {
      if (signal.aborted) throw new SwitchboardError('SWB_CLOSED', say`The endpoint is closing.`);
      throw error instanceof FileError ? error : this.unavailable((error as Error).message, error);
    } finally {
      over.abort();
      socket.destroy();
    }
  }

  /** Only one exact verdict counts. */
  private read(answer: string): string | undefined {
    if (answer === 'stream: OK\0') return undefined;
    const [, found] = /^stream: (\P{Cc}+) FOUND\0$/u.exec(answer) ?? [];
    if (found !== undefined) return found;
    if (answer === 'INSTREAM size limit exceeded. ERROR\0')
      throw new FileError('SWB_FILE_REFUSED', say`The file is larger than the virus scanner accepts.`, {
        hint: say`Increase StreamMaxLength in clamd.conf and replay it, or send the file another way and skip it.`,
      });
    throw this.unavailable(answer.replace(/\p{Cc}/gu, ' ').trim() || say`it closed the connection`);
  }

  private unavailable(reason: string, cause?: unknown): FileError {
    return new FileError('SWB_BUSY', say`The file waits for the virus scanner at ${this.address}: ${reason}.`, {
      waits: true,
      hint: say`Check that clamd runs there (SWITCHBOARD_CLAMD), and that its StreamMaxLength is at least the size of the largest file.`,
      cause,
    });
  }
}

/** Throws where it is no address: it must not mean that nothing is scanned. */
function targetOf(address: string): { path: string } | { host: string; port: number } {
  if (/^(unix:)?\//.test(address)) return { path: address.replace(/^unix:/, '') };
  const [, host = '', port] = /^\[?([^[\]]+?)\]?:(\d{1,5})$/.exec(address) ?? [];
  const number = Number(port);
  if (host && number > 0 && number < 65_536) return { host, port: number };
  throw new FileError('SWB_BUSY', say`The file waits for the virus scanner: "${address}" is not its address.`, {
    waits: true,
    hint: say`Set SWITCHBOARD_CLAMD to host:port or to the path of a Unix socket, then start again.`,
  });
}

async function* command(path: string): AsyncGenerator<Buffer> {
  yield Buffer.from('zINSTREAM\0');
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) yield sized(chunk as Buffer);
  yield sized(Buffer.alloc(0));
}

function sized(chunk: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(chunk.length);
  return Buffer.concat([length, chunk]);
}

/** All that comes until clamd closes the connection: a verdict ends with a zero byte. */
async function answerOf(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text = `${text}${part}`.slice(0, LONGEST_ANSWER);
    if (text.length === LONGEST_ANSWER) socket.destroy();
  });
  await finished(socket).catch((error: NodeJS.ErrnoException) => {
    if (text === '' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
  return text;
}
