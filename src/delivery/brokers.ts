import type { Broker } from './broker.js';
import type { BrokerHost } from './broker-host.js';

const hosts = new Set<BrokerHost>();
const listeners = new Set<() => void>();

/** The running brokers: one per deployed store that is open. */
export function brokers(): Broker[] {
  return brokerHosts().flatMap(({ availability }) => availability.broker ?? []);
}

/** The hosts of all deployed stores. */
export function brokerHosts(): BrokerHost[] {
  return [...hosts];
}

/** Calls back when a broker starts or stops. Returns a function that removes the listener. */
export function watchBrokers(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @internal Registers a host; returns the function that removes it. */
export function addHost(host: BrokerHost): () => void {
  const notify = () => {
    for (const listener of listeners) listener();
  };
  hosts.add(host);
  const unwatch = host.availability.watch(notify);
  return () => {
    unwatch();
    hosts.delete(host);
    notify();
  };
}

/** Resolves once every deployed store is open. */
export function allOpen(): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (brokerHosts().some(({ availability }) => !availability.broker)) return;
      unwatch();
      resolve();
    };
    const unwatch = watchBrokers(check);
    check();
  });
}
