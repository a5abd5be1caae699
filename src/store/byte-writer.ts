/** One UTF-16 unit becomes at most three bytes of UTF-8. */
const BYTES_PER_CHARACTER = 3;

/**
 * Collects text as bytes outside the JavaScript heap, in a reused buffer. Joining a megabyte from thousands of strings on the
 * heap is quick too, but leaves the garbage collector with copies to move, which stalls the event loop.
 */
export class ByteWriter {
  private buffer = Buffer.allocUnsafeSlow(64 * 1024);
  private length = 0;

  /** The bytes written so far; valid until `clear`. */
  get written(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  write(text: string): void {
    this.makeRoom(text.length * BYTES_PER_CHARACTER);
    this.length += this.buffer.write(text, this.length);
  }

  /** Writes the bytes between two offsets of another buffer. */
  writeBytes(from: Buffer, start: number, end: number): void {
    this.makeRoom(end - start);
    this.length += from.copy(this.buffer, this.length, start, end);
  }

  private makeRoom(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}
