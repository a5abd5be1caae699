import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import type { Broker } from './broker.js';

/** Why there is no broker: its store cannot be opened, or another process has taken it over. */
export interface Trouble {
  error: SwitchboardError;
  /** Epoch milliseconds of the next attempt to open the store; absent if a setting has to be corrected first. */
  retryAt?: number;
}

/** Milliseconds that a request waits while a store is being opened for the first time. */
const OPENING_TIME = 5_000;

/** Whether a broker is available. Its store may open later, and may be lost to another process and opened again. */
export class Availability {
  private current: Broker | undefined;
  private reason: Trouble | undefined;
  private readonly listeners = new Set<() => void>();

  get broker(): Broker | undefined {
    return this.current;
  }

  /** Undefined while there is a broker, and during the first attempt to open the store. */
  get trouble(): Trouble | undefined {
    return this.reason;
  }

  opened(broker: Broker): void {
    this.current = broker;
    this.reason = undefined;
    this.notify();
  }

  failed(trouble: Trouble): void {
    this.current = undefined;
    this.reason = trouble;
    this.notify();
  }

  /** Calls back at every change; returns the function that unsubscribes. */
  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The broker, after its store has been opened for the first time. Rejects at once while it cannot be opened. */
  async ready(): Promise<Broker> {
    if (!this.current && !this.reason) await this.change();
    if (this.current) return this.current;
    throw (
      this.reason?.error ??
      new SwitchboardError('SWB_CLOSED', say`The store is being opened.`, { hint: say`Retry in a few seconds.` })
    );
  }

  /**
   * To be asked at each write to a partner (HttpOptions.mayWrite). Rejects if the store belongs to another process now: that
   * process sends what is in it.
   */
  mayWrite(): Promise<void> | undefined {
    return this.reason ? Promise.reject(this.reason.error) : this.current?.store.confirmOwnership();
  }

  private async change(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let unwatch: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      unwatch = this.watch(resolve);
      timer = setTimeout(resolve, OPENING_TIME);
    });
    clearTimeout(timer);
    unwatch();
  }

  private notify(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
