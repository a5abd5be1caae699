import { TimeSlice } from '../time-slice.js';
import type { EntryOf, RecordEntry } from './record-entry.js';
import { matchesAllWords, searchedOf, searchValue, searchWords } from './record-keys.js';
import { linesWithPrefix, TERM_LETTER } from './shard-index.js';
import { isDead, type Shard } from './shards.js';
import type { RecordKind } from './store.js';
import { parse, type StoreState, type Wanted } from './store-state.js';

/** A reference with the leg that an entity of ours carries with it: records are found by the conversation's part. */
const CARRIED = /^(swb-\w+)\/.*$/;
/** Lines of a shard read at once. */
const CHUNK = 32;
/** Conversations of which it is remembered whether they match. */
const MAX_REMEMBERED = 10_000;

/** A search term: the prefix of an id, number or reference, or prefixes of the words of a title. */
export class Search {
  private readonly conversations = new Map<string, boolean>();
  /** All records that are found by themselves after this position have been returned. */
  reached: string | undefined;

  private constructor(
    private readonly state: StoreState,
    private readonly value: string,
    private readonly words: readonly string[],
  ) {}

  /** Undefined if the text is empty. */
  static of(state: StoreState, text: string | undefined): Search | undefined {
    const value = searchValue(text ?? '').replace(CARRIED, '$1');
    return value ? new Search(state, value, searchWords(value)) : undefined;
  }

  /** Whether a record is found by itself or by its conversation. */
  async isFound(entry: RecordEntry): Promise<boolean> {
    if (this.isFoundItself(entry)) return true;
    if (entry.kind === 'conversation' || entry.conversation === undefined) return false;
    const { conversation } = entry;
    const known = this.conversations.get(conversation);
    if (known !== undefined) return known;
    const found = await this.state.fetch('conversation', conversation);
    const matches = found !== undefined && this.isFoundItself(found);
    if (this.conversations.size < MAX_REMEMBERED) this.conversations.set(conversation, matches);
    return matches;
  }

  /** The records that have exactly this id, number or reference, or whose conversation has. */
  async exact<K extends RecordKind>(kind: K): Promise<EntryOf[K][]> {
    const { state } = this;
    const own = async <O extends RecordKind>(of: O): Promise<EntryOf[O][]> => {
      const hashes = [state.hashes.id(of, this.value), state.hashes.value(of, this.value)];
      const found = await state.complete((missing) => hashes.flatMap((hash) => state.candidates(hash, missing)));
      return found.filter((entry): entry is EntryOf[O] => entry.kind === of && this.isFoundItself(entry));
    };
    const found = await own(kind);
    if (kind === 'conversation') return found;
    for (const { id } of await own('conversation')) found.push(...((await state.members(kind, id)) as EntryOf[K][]));
    return found;
  }

  /**
   * All records of a kind before a position that are found, in any order, some of them more than once, until `isOver`. Those not
   * `wanted` may be left out.
   */
  async *all<K extends RecordKind>(
    kind: K,
    before: string | undefined,
    wanted: Wanted,
    isOver: () => boolean,
  ): AsyncGenerator<EntryOf[K]> {
    yield* this.own(kind, before, wanted, isOver);
    if (kind === 'conversation') return;
    for await (const { id } of this.own('conversation', undefined, () => true, isOver))
      yield* (await this.state.members(kind, id, wanted)) as EntryOf[K][];
  }

  /** The records of a kind that are found by themselves. */
  private async *own<K extends RecordKind>(
    kind: K,
    before: string | undefined,
    wanted: Wanted,
    isOver: () => boolean,
  ): AsyncGenerator<EntryOf[K]> {
    const { state } = this;
    const slice = new TimeSlice();
    const { shards, release } = state.shards.snapshot(({ index: { sections } }) => {
      const section = sections[kind];
      return section !== undefined && (before === undefined || section.from < before);
    });
    try {
      for (const changes of [state.active, ...(state.frozen ? [state.frozen] : [])]) {
        for (const { kind: of, id, entry } of [...changes.values()]) {
          await slice.yieldIfDue();
          if (of !== kind || !entry || !this.isFoundItself(entry)) continue;
          const now = await state.fetch(kind, id);
          if (now && this.isFoundItself(now)) yield now;
        }
      }
      shards.sort((a, b) => (a.shard.index.sections[kind]!.to < b.shard.index.sections[kind]!.to ? 1 : -1));
      for (const { shard, dead } of shards) {
        if (isOver()) return;
        this.reached = shard.index.sections[kind]!.to;
        const lines = (await this.linesIn(shard, kind)).filter((line) => !isDead(dead, line) && wanted(shard, line));
        while (lines.length > 0) {
          const first = lines.at(-1)!;
          // Close lines are read together.
          const near = lines.splice(lines.findIndex((line) => line < first + CHUNK));
          const entries = await state.shards.readLines(shard, first, near[0]! + 1);
          for (const line of near) {
            const entry = entries[line - first] as EntryOf[K];
            const now = shard.installed && !isDead(shard.dead, line) ? entry : await state.fetch(kind, entry.id);
            if (now && this.isFoundItself(now)) yield now;
            await slice.yieldIfDue();
          }
        }
        await slice.yieldIfDue();
      }
    } finally {
      release();
    }
  }

  /** The lines of a shard whose terms match, the newest first. */
  private async linesIn(shard: Shard, kind: RecordKind): Promise<number[]> {
    const terms = await this.state.shards.terms(shard);
    const lines = new Set(linesWithPrefix(terms, TERM_LETTER[kind] + this.value));
    if (kind === 'conversation' && this.words.length > 0) {
      let titled: Set<number> | undefined;
      for (const word of this.words) {
        const having = new Set(linesWithPrefix(terms, TERM_LETTER.word + word));
        titled = titled ? new Set([...titled].filter((line) => having.has(line))) : having;
      }
      for (const line of titled!) lines.add(line);
    }
    return [...lines].sort((a, b) => b - a);
  }

  private isFoundItself(entry: RecordEntry): boolean {
    const { values, title } = entry.keys?.searched ?? searchedOf(entry.kind, parse(entry));
    return (
      values.some((value) => searchValue(value).startsWith(this.value)) ||
      (this.words.length > 0 && matchesAllWords(searchWords(title), this.words))
    );
  }
}
