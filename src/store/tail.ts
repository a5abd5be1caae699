/** Bytes kept; a multiple of what is ever under way. */
const BYTES = 4 * 1024 * 1024;

/**
 * The end of the segment that is being written, for readers: mostly a body is wanted right after it was kept. One buffer is used again and again, so
 * that nothing of it becomes garbage, which in a large heap is dear.
 */
export class Tail {
  private readonly buffer = Buffer.allocUnsafeSlow(BYTES);
  private segment = 0;
  /** Offsets in the segment between which the bytes are here. */
  private start = 0;
  private end = 0;

  /** Takes what is put at the end of a segment. */
  append(segment: number, offset: number, bytes: Buffer): void {
    if (segment !== this.segment || offset !== this.end) {
      this.segment = segment;
      this.start = offset;
    }
    this.end = offset + bytes.length;
    this.start = Math.max(this.start, this.end - BYTES);
    // What does not fit before the buffer's end goes on at its beginning.
    if (bytes.length > BYTES) this.start = this.end;
    else bytes.copy(this.buffer, 0, bytes.copy(this.buffer, offset % BYTES));
  }

  /** The text at an offset, if it is here. */
  read(segment: number, offset: number, length: number): string | undefined {
    if (segment !== this.segment || offset < this.start || offset + length > this.end) return undefined;
    const at = offset % BYTES;
    const rest = at + length - BYTES;
    if (rest <= 0) return this.buffer.toString('utf8', at, at + length);
    return Buffer.concat([this.buffer.subarray(at), this.buffer.subarray(0, rest)]).toString();
  }
}
