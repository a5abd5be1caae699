import type { ByteWriter } from './byte-writer.js';

/** Slots of one size are allocated from slabs of this many bytes. */
const SLAB = 256 * 1024;
/** Two sizes per doubling: at most a third of a slot is unused. */
const SIZES = [32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12_288, 16_384, 32_768];
const SMALLEST = SIZES[0]!;
/** A slot starts with the length of its text. */
const LENGTH_BYTES = 4;
/** Slot numbers within a slab; a handle combines slab and slot in a small integer, which needs no heap object. */
const SLOTS = SLAB / SMALLEST;

interface Slab {
  buffer: Buffer;
  /** Index in SIZES; -1 for a slab with a single large text. */
  size: number;
}

/**
 * Stores texts outside the garbage-collected heap, each identified by a numeric handle. A store holds hundreds of thousands of
 * records for weeks; as strings and objects they would be traversed by every major collection, which at a few hundred megabytes
 * stalls the process for up to a tenth of a second.
 */
export class SlabAllocator {
  private readonly slabs: (Slab | undefined)[] = [];
  /** Free slots by size. */
  private readonly free: number[][] = SIZES.map(() => []);
  /** The next unused slot by size. */
  private readonly next: { slab: number; slot: number }[] = SIZES.map(() => ({ slab: -1, slot: 0 }));
  private readonly freeSlabs: number[] = [];

  /** Stores a text and returns its handle, which is never 0. */
  put(text: string): number {
    const length = Buffer.byteLength(text);
    const size = SIZES.findIndex((bytes) => bytes >= length + LENGTH_BYTES);
    const handle = size < 0 ? this.allocateLarge(length) : (this.free[size]!.pop() ?? this.allocateSlot(size));
    const { buffer } = this.slabs[Math.floor(handle / SLOTS) - 1]!;
    const start = this.start(handle);
    buffer.writeUInt32LE(length, start);
    buffer.write(text, start + LENGTH_BYTES);
    return handle;
  }

  /** The text of a handle. */
  get(handle: number): string {
    const start = this.start(handle);
    const { buffer } = this.slabs[Math.floor(handle / SLOTS) - 1]!;
    return buffer.toString('utf8', start + LENGTH_BYTES, start + LENGTH_BYTES + buffer.readUInt32LE(start));
  }

  /** Writes the bytes of a text without creating a string. */
  copy(handle: number, to: ByteWriter): void {
    const start = this.start(handle);
    const { buffer } = this.slabs[Math.floor(handle / SLOTS) - 1]!;
    to.writeBytes(buffer, start + LENGTH_BYTES, start + LENGTH_BYTES + buffer.readUInt32LE(start));
  }

  /** Frees the slot of a text. */
  release(handle: number): void {
    const index = Math.floor(handle / SLOTS) - 1;
    const { size } = this.slabs[index]!;
    if (size >= 0) {
      this.free[size]!.push(handle);
      return;
    }
    this.slabs[index] = undefined;
    this.freeSlabs.push(index);
  }

  private start(handle: number): number {
    const { size } = this.slabs[Math.floor(handle / SLOTS) - 1]!;
    return size < 0 ? 0 : (handle % SLOTS) * SIZES[size]!;
  }

  private allocateSlot(size: number): number {
    const next = this.next[size]!;
    if (next.slab < 0 || (next.slot + 1) * SIZES[size]! > SLAB) {
      next.slab = this.add({ buffer: Buffer.allocUnsafeSlow(SLAB), size });
      next.slot = 0;
    }
    return (next.slab + 1) * SLOTS + next.slot++;
  }

  private allocateLarge(length: number): number {
    return (this.add({ buffer: Buffer.allocUnsafeSlow(length + LENGTH_BYTES), size: -1 }) + 1) * SLOTS;
  }

  private add(slab: Slab): number {
    const index = this.freeSlabs.pop() ?? this.slabs.length;
    this.slabs[index] = slab;
    return index;
  }
}
