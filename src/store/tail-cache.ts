/** Bytes cached: a burst of messages is still there when its last delivery is sent. Memory that is never written to costs nothing. */
const BYTES = 8 * 1024 * 1024;

/**
 * Caches the end of the segment being written: bodies are mostly read right after they were stored. It reuses one ring buffer,
 * because garbage is expensive in a large heap.
 */
export class TailCache {
  private readonly buffer = Buffer.allocUnsafeSlow(BYTES);
  private segment = 0;
  /** The offsets in the segment between which bytes are cached. */
  private start = 0;
  private end = 0;

  /** Adds the bytes appended to a segment. */
  append(segment: number, offset: number, bytes: Buffer): void {
    if (segment !== this.segment || offset !== this.end) {
      this.segment = segment;
      this.start = offset;
    }
    this.end = offset + bytes.length;
    this.start = Math.max(this.start, this.end - BYTES);
    // Bytes that do not fit at the end of the buffer continue at its beginning.
    if (bytes.length > BYTES) this.start = this.end;
    else bytes.copy(this.buffer, 0, bytes.copy(this.buffer, offset % BYTES));
  }

  /** The text at an offset, if it is cached. */
  read(segment: number, offset: number, length: number): string | undefined {
    if (segment !== this.segment || offset < this.start || offset + length > this.end) return undefined;
    const at = offset % BYTES;
    const rest = at + length - BYTES;
    if (rest <= 0) return this.buffer.toString('utf8', at, at + length);
    return Buffer.concat([this.buffer.subarray(at), this.buffer.subarray(0, rest)]).toString();
  }
}
