import type { People } from '../privacy/people.js';
import type { Availability } from './availability.js';
import type { Broker } from './broker.js';

/** A deployed store, whether it is open or not. */
export interface DeployedStore {
  readonly name: string;
  readonly availability: Availability;
  /** What views and logs mask; absent: nothing. */
  readonly people?: People;
}

const deployed = new Set<DeployedStore>();
const listeners = new Set<() => void>();
/** Without Node-RED nobody stops flows. */
let running = true;

/** The running brokers: one per deployed store that is open. */
export function brokers(): Broker[] {
  return deployedStores().flatMap(({ availability }) => availability.broker ?? []);
}

/** All deployed stores. */
export function deployedStores(): DeployedStore[] {
  return [...deployed];
}

/** The flows are being stopped or started: messages leave them, and none enters them before `flowsStarted`. */
export function flowsStopping(): void {
  running = false;
  for (const { inbox } of brokers()) inbox.pause();
}

/** All nodes of the flows are there: messages may enter them. */
export function flowsStarted(): void {
  running = true;
  for (const { inbox } of brokers()) inbox.resume();
}

/** Whether messages may enter the flows. */
export function flowsRunning(): boolean {
  return running;
}

/** Calls back when a broker starts or stops. Returns a function that removes the listener. */
export function watchBrokers(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @internal Registers a store; returns the function that removes it. */
export function addStore(store: DeployedStore): () => void {
  const notify = () => {
    for (const listener of listeners) listener();
  };
  deployed.add(store);
  const unwatch = store.availability.watch(notify);
  return () => {
    unwatch();
    deployed.delete(store);
    notify();
  };
}

/** Resolves once every deployed store is open. */
export function allOpen(): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (deployedStores().some(({ availability }) => !availability.broker)) return;
      unwatch();
      resolve();
    };
    const unwatch = watchBrokers(check);
    check();
  });
}
