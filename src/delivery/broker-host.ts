import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { backoff } from '../backoff.js';
import { SwitchboardError } from '../errors.js';
import { LowdbStore, type LowdbStoreOptions } from '../store/lowdb-store.js';
import { say } from '../text/say.js';
import { Timer } from '../timer.js';
import { Availability } from './availability.js';
import { Broker, type BrokerOptions } from './broker.js';
import { addStore, type DeployedStore, flowsRunning } from './brokers.js';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.js';

export interface StoreSettings extends Omit<BrokerOptions, 'store'>, Pick<LowdbStoreOptions, 'lock' | 'auditMonths'> {
  folder: string;
  retentionDays: number;
  retentionBytes: number;
}

/** A process that is being replaced releases its lock within seconds; a disk is repaired within minutes. */
const RETRY: RetryPolicy = { ...DEFAULT_RETRY, baseDelay: 1_000, maxDelay: 15_000 };

/** Folders of stores that are being closed: a new deployment opens them afterwards. */
const closing = new Map<string, Promise<void>>();

/**
 * Keeps the broker of a store running: opens the store, tries again while it cannot be opened, and opens it again after another
 * process had taken it over and released it.
 */
export class BrokerHost implements DeployedStore {
  readonly availability = new Availability();
  private readonly folder: string;
  private readonly remove: () => void;
  private readonly running: Promise<void>;
  private closed = false;
  private wasOpen = false;
  private wake: () => void = () => undefined;

  constructor(private readonly settings: StoreSettings) {
    this.folder = resolve(settings.folder);
    this.remove = addStore(this);
    this.running = this.run();
  }

  get people() {
    return this.settings.people;
  }

  get name(): string {
    return this.settings.name;
  }

  /** Stops trying, or closes the broker and its store. */
  async close(): Promise<void> {
    this.closed = true;
    this.wake();
    const done = this.running;
    closing.set(this.folder, done);
    this.remove();
    try {
      await done;
    } finally {
      if (closing.get(this.folder) === done) closing.delete(this.folder);
    }
  }

  private async run(): Promise<void> {
    let failures = 0;
    await closing.get(this.folder);
    while (!this.closed) {
      const broker = await this.open().catch((cause: unknown) => {
        this.report(cannotOpen(this.folder, cause), backoff(RETRY, ++failures, this.settings.random ?? Math.random));
        return undefined;
      });
      if (!broker) await this.pause();
      else {
        if (this.availability.trouble) this.settings.log?.('info', `The store in ${this.folder} is open.`);
        failures = 0;
        await this.serve(broker);
      }
    }
  }

  private async open(): Promise<Broker> {
    if (this.wasOpen) await requireStore(this.folder);
    const { clock, retentionDays, retentionBytes, auditMonths, log, lock } = this.settings;
    const limits = { retentionDays, retentionBytes, auditMonths };
    const store = new LowdbStore({ folder: this.folder, clock, ...limits, log, lock });
    await store.open();
    try {
      const broker = new Broker({ ...this.settings, store });
      await broker.audit.adoptOld();
      await broker.sweepSpool();
      this.wasOpen = true;
      return broker;
    } catch (error) {
      await store.close().catch(() => undefined);
      throw error;
    }
  }

  /** Until the host is closed, or another process has taken the store over. */
  private async serve(broker: Broker): Promise<void> {
    const unwatch = broker.store.onLost((error) => {
      broker.halt();
      this.availability.failed({ error });
      this.wake();
    });
    // A store may be open before the nodes that its messages go to are there.
    if (!flowsRunning()) broker.inbox.pause();
    this.availability.opened(broker);
    await this.pause(() => this.availability.broker !== broker);
    unwatch();
    await broker.close();
  }

  /** Until the next attempt is due or `wake` is called. */
  private async pause(isOver: () => boolean = () => false): Promise<void> {
    if (this.closed || isOver()) return;
    const { retryAt } = this.availability.trouble ?? {};
    let timer: Timer | undefined;
    await new Promise<void>((done) => {
      this.wake = done;
      if (retryAt !== undefined) timer = new Timer(retryAt - Date.now(), done);
    });
    timer?.cancel();
  }

  private report(error: SwitchboardError, wait: number): void {
    const known = this.availability.trouble?.error.message;
    if (known !== error.message) this.settings.log?.('error', `${error.message} Switchboard tries again until the store opens.`);
    this.availability.failed({ error, retryAt: Date.now() + wait });
  }
}

/** A store that disappeared while it was in use, for example with its volume, must not begin again empty without a user. */
async function requireStore(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (names.some((name) => name !== 'lock')) return;
  throw new SwitchboardError('SWB_STORE', say`The store in ${folder} has disappeared.`, {
    hint: say`Mount its volume or restore the folder. To begin with an empty store, deploy the store node again.`,
  });
}

/** What people need to know about a store that could not be opened. */
function cannotOpen(folder: string, cause: unknown): SwitchboardError {
  if (cause instanceof SwitchboardError) return cause;
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new SwitchboardError('SWB_STORE', say`The store in ${folder} cannot be opened: ${message}.`, {
    hint: HINTS[code]?.() ?? say`Check the disk and the folder.`,
    cause,
  });
}

const noRights = () => say`Give the user of this process read and write permissions for the folder.`;
const HINTS: Record<string, () => string> = {
  EACCES: noRights,
  EPERM: noRights,
  EROFS: () => say`The disk is read-only: mount it so that it can be written.`,
  ENOSPC: () => say`Free space on the disk.`,
  EDQUOT: () => say`Free space on the disk.`,
};
