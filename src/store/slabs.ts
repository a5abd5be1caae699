import type { ByteWriter } from './byte-writer.js';

/** Slots of one size are cut from slabs of this many bytes. */
const SLAB = 256 * 1024;
/** Two sizes for each doubling: at most a third of a slot is left empty. */
const SIZES = [32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12_288, 16_384, 32_768];
const SMALLEST = SIZES[0]!;
/** A slot begins with the length of its text. */
const LENGTH_BYTES = 4;
/** Slot numbers within a slab; slab and slot together stay a small integer, which costs no object. */
const SLOTS = SLAB / SMALLEST;

interface Slab {
  buffer: Buffer;
  /** Index in SIZES; -1 for a text of its own. */
  size: number;
}

/**
 * Texts outside the garbage-collected heap, each named by a number. A store holds hundreds of thousands of records for weeks; as strings and
 * objects they would be walked by every major collection, and with a few hundred megabytes those walks are stalls of up to a tenth of a second.
 */
export class Slabs {
  private readonly slabs: (Slab | undefined)[] = [];
  /** For each size the slots that are free. */
  private readonly free: number[][] = SIZES.map(() => []);
  /** For each size where the slab in use was last cut. */
  private readonly cut: { slab: number; next: number }[] = SIZES.map(() => ({ slab: -1, next: 0 }));
  private readonly freeSlabs: number[] = [];

  /** Keeps a text and gives its number, which is never 0. */
  put(text: string): number {
    const length = Buffer.byteLength(text);
    const size = SIZES.findIndex((bytes) => bytes >= length + LENGTH_BYTES);
    const name = size < 0 ? this.own(length) : (this.free[size]!.pop() ?? this.cutSlot(size));
    const { buffer } = this.slabs[Math.floor(name / SLOTS) - 1]!;
    const start = this.start(name);
    buffer.writeUInt32LE(length, start);
    buffer.write(text, start + LENGTH_BYTES);
    return name;
  }

  /** The text of a number. */
  get(name: number): string {
    const start = this.start(name);
    const { buffer } = this.slabs[Math.floor(name / SLOTS) - 1]!;
    return buffer.toString('utf8', start + LENGTH_BYTES, start + LENGTH_BYTES + buffer.readUInt32LE(start));
  }

  /** Writes the bytes of a text, without making a string of them. */
  copy(name: number, to: ByteWriter): void {
    const start = this.start(name);
    const { buffer } = this.slabs[Math.floor(name / SLOTS) - 1]!;
    to.writeBytes(buffer, start + LENGTH_BYTES, start + LENGTH_BYTES + buffer.readUInt32LE(start));
  }

  /** Gives the place of a text back. */
  release(name: number): void {
    const index = Math.floor(name / SLOTS) - 1;
    const { size } = this.slabs[index]!;
    if (size >= 0) {
      this.free[size]!.push(name);
      return;
    }
    this.slabs[index] = undefined;
    this.freeSlabs.push(index);
  }

  private start(name: number): number {
    const { size } = this.slabs[Math.floor(name / SLOTS) - 1]!;
    return size < 0 ? 0 : (name % SLOTS) * SIZES[size]!;
  }

  private cutSlot(size: number): number {
    const cut = this.cut[size]!;
    if (cut.slab < 0 || (cut.next + 1) * SIZES[size]! > SLAB) {
      cut.slab = this.add({ buffer: Buffer.allocUnsafeSlow(SLAB), size });
      cut.next = 0;
    }
    return (cut.slab + 1) * SLOTS + cut.next++;
  }

  private own(length: number): number {
    return (this.add({ buffer: Buffer.allocUnsafeSlow(length + LENGTH_BYTES), size: -1 }) + 1) * SLOTS;
  }

  private add(slab: Slab): number {
    const index = this.freeSlabs.pop() ?? this.slabs.length;
    this.slabs[index] = slab;
    return index;
  }
}
