import type { IncomingMessage } from 'node:http';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { Timer } from '../timer.js';
import { tooLarge } from './received-body.js';
import { RefusedRequest } from './refused-request.js';

/** What all bodies together may take that are read, or were and are still at work. */
export interface BodyLimits {
  /** Number of bodies, and bytes of them. One body alone may have more bytes. */
  count: number;
  bytes: number;
  /** Milliseconds from the head of a request to the end of its body. */
  time: number;
  /** Milliseconds after which a body has to give way to a new one, where there are too many. */
  grace: number;
}

/** Senders that are known already. */
export const KNOWN_SENDERS: BodyLimits = { count: 500, bytes: 64 << 20, time: 60_000, grace: Number.POSITIVE_INFINITY };
/**
 * Senders that only the body makes known (signatures). They cannot take the place of known ones; and as a body of usual size takes
 * milliseconds, slow ones cannot keep others out.
 */
export const UNKNOWN_SENDERS: BodyLimits = { count: 100, bytes: 16 << 20, time: 15_000, grace: 1_000 };

/** A body that counts until it is released. */
export interface HeldBody {
  bytes: Buffer;
  /** May be called more than once. */
  release(): void;
}

interface Held {
  bytes: number;
  since: number;
  /** Ends the reading; absent once the body was read. */
  end?: (error: SwitchboardError) => void;
}

/** First size of the buffer of a body whose size is not announced, bytes. */
const FIRST = 16 << 10;

/** Reads bodies of requests within limits that hold for all of them together. */
export class BodyReader {
  private readonly held = new Set<Held>();
  private total = 0;

  constructor(
    private readonly limits: BodyLimits,
    /** The steady clock, milliseconds. */
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** The bodies that are held now. */
  get load(): { count: number; bytes: number } {
    return { count: this.held.size, bytes: this.total };
  }

  /**
   * Rejects, and stops reading: SWB_TOO_LARGE beyond `limit` bytes; SWB_BUSY where all bodies together are too many, before anything is
   * read unless a body grows beyond what was announced; 408 if it takes too long; SWB_PAYLOAD if it ends too early.
   */
  async read(req: IncomingMessage, limit: number): Promise<HeldBody> {
    const announced = Number(req.headers['content-length'] ?? 0);
    if (announced > limit) throw tooLarge(limit);
    const held: Held = { bytes: 0, since: this.clock() };
    this.admit(held, announced);
    const release = () => this.release(held);
    try {
      return { bytes: await this.bytesOf(req, held, Math.min(limit, announced || FIRST), limit), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  private bytesOf(req: IncomingMessage, held: Held, first: number, limit: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      // Copied into one buffer: a sender may send a byte at a time, and each chunk would be an object of its own.
      let buffer = Buffer.alloc(0);
      let size = 0;
      const done = () => {
        timer.cancel();
        held.end = undefined;
        for (const [event, listener] of Object.entries(listeners)) req.off(event, listener);
      };
      held.end = (error) => {
        done();
        req.pause();
        reject(error);
      };
      const end = held.end;
      const cutOff = () =>
        end(
          new SwitchboardError('SWB_PAYLOAD', say`The body ended before it was complete.`, {
            hint: say`Send the request again.`,
          }),
        );
      const listeners = {
        data: (chunk: Buffer) => {
          if (size + chunk.length > limit) return end(tooLarge(limit));
          if (!this.grow(held, size + chunk.length)) return end(busy());
          if (size + chunk.length > buffer.length) {
            const larger = Buffer.allocUnsafe(Math.min(limit, Math.max(first, size + chunk.length, 2 * buffer.length)));
            buffer.copy(larger, 0, 0, size);
            buffer = larger;
          }
          size += chunk.copy(buffer, size);
        },
        end: () => {
          done();
          resolve(buffer.subarray(0, size));
        },
        error: cutOff,
        close: cutOff,
      };
      const timer = new Timer(this.limits.time, () => end(tooSlow(this.limits.time))).unref();
      for (const [event, listener] of Object.entries(listeners)) req.on(event, listener);
    });
  }

  /** Throws SWB_BUSY where there is no room, and none can be made. */
  private admit(held: Held, announced: number): void {
    const { count, grace } = this.limits;
    const hasRoom = () => this.held.size < count && this.fits(announced);
    for (const other of this.held) {
      if (hasRoom() || this.clock() - other.since < grace) break;
      if (!other.end) continue;
      other.end(tooSlow(grace));
      this.release(other);
    }
    if (!hasRoom()) throw busy();
    this.held.add(held);
    this.grow(held, announced);
  }

  /** Counts a body with so many bytes. Returns whether there is room for them. */
  private grow(held: Held, bytes: number): boolean {
    const more = bytes - held.bytes;
    if (more <= 0) return true;
    if (!this.fits(more) && this.held.size > 1) return false;
    held.bytes = bytes;
    this.total += more;
    return true;
  }

  private fits(more: number): boolean {
    return this.total + more <= this.limits.bytes || this.held.size === 0;
  }

  private release(held: Held): void {
    if (this.held.delete(held)) this.total -= held.bytes;
  }
}

function busy(): SwitchboardError {
  return new SwitchboardError('SWB_BUSY', say`Too many requests are being received.`, { hint: say`Retry in a few seconds.` });
}

function tooSlow(time: number): RefusedRequest {
  return new RefusedRequest(408, 'SWB_PAYLOAD', say`The body did not arrive within ${time / 1000} s.`, {
    hint: say`Send the request again.`,
  });
}
