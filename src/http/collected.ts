/** Chunks that are put together at once. */
const TOGETHER = 256;

/**
 * The bytes of an answer. Each chunk is an object of a hundred bytes and more, and a partner may send a byte in each: they are put
 * together, so that the answer takes no more memory than its size.
 */
export class Collected {
  size = 0;
  private readonly blocks: Buffer[] = [];
  private recent: Buffer[] = [];

  add(chunk: Buffer): void {
    this.size += chunk.length;
    this.recent.push(chunk);
    if (this.recent.length < TOGETHER) return;
    this.blocks.push(Buffer.concat(this.recent));
    this.recent = [];
  }

  /** As UTF-8, without a byte order mark, which JSON.parse rejects. */
  text(): string {
    const all = [...this.blocks, ...this.recent];
    const [first] = all;
    const text = (first && all.length === 1 ? first : Buffer.concat(all)).toString('utf8');
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
}
