import { resolve } from 'node:path';
import { LowdbStore } from '../store/lowdb-store.js';
import type { Store } from '../store/store.js';
import { Broker, type BrokerOptions } from './broker.js';

const running = new Map<string, Broker>();
const closing = new Map<string, Promise<void>>();
const listeners = new Set<() => void>();

export interface StoreSettings extends Omit<BrokerOptions, 'store'> {
  folder: string;
  retentionDays: number;
  retentionBytes: number;
}

/** The running brokers: one per deployed store. */
export function brokers(): Broker[] {
  return [...running.values()];
}

/** Calls back when a broker starts or stops. Returns a function that removes the listener. */
export function watchBrokers(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Opens a store and starts its broker, once the broker of the previous deployment has closed the same folder. */
export async function startBroker(settings: StoreSettings): Promise<Broker> {
  const folder = resolve(settings.folder);
  await closing.get(folder);
  const store: Store = new LowdbStore({
    folder,
    clock: settings.clock,
    retentionDays: settings.retentionDays,
    retentionBytes: settings.retentionBytes,
    log: settings.log,
  });
  await store.open();
  const broker = new Broker({ ...settings, store });
  await broker.sweepSpool();
  running.set(settings.id, broker);
  for (const listener of listeners) listener();
  return broker;
}

export async function stopBroker(broker: Broker, folder: string): Promise<void> {
  if (running.get(broker.id) === broker) running.delete(broker.id);
  const done = broker.close();
  const path = resolve(folder);
  closing.set(path, done);
  try {
    await done;
  } finally {
    if (closing.get(path) === done) closing.delete(path);
    for (const listener of listeners) listener();
  }
}
