import type { Change, Store } from '../../../src/store/store.js';
import { inAnyState } from '../any-state.js';
import { conversation, delivery, message } from '../records.js';

export const conflict = { code: 'SWB_CONFLICT' };
export const ids = (records: { id: string }[]) => records.map((record) => record.id);

/** The store of the running test. */
export class TestedStore {
  store!: Store;
  /** Commits changes as they are, without the states in between. */
  commitAsIs!: Store['commit'];
  private added = new Map<string, number>();

  constructor(
    private readonly create: () => Promise<Store>,
    private readonly reopen: (store: Store) => Promise<Store>,
  ) {}

  async open(): Promise<void> {
    this.store = await this.create();
    this.commitAsIs = this.store.commit.bind(this.store);
    this.added = new Map();
    inAnyState(this.store, this.added);
  }

  /** Closes the store as a restart would, and opens its data again. */
  async restart(): Promise<void> {
    this.store = inAnyState(await this.reopen(this.store), this.added);
  }

  readonly commit = (...changes: Change[]) => this.store.commit(changes);
  readonly put = {
    message: (...args: Parameters<typeof message>) => this.commit({ kind: 'message', record: message(...args) }),
    delivery: (...args: Parameters<typeof delivery>) => this.commit({ kind: 'delivery', record: delivery(...args) }),
    conversation: (...args: Parameters<typeof conversation>) =>
      this.commit({ kind: 'conversation', record: conversation(...args) }),
  };
}
