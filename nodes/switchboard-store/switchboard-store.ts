import { isAbsolute, join } from 'node:path';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { Broker } from '../../src/delivery/broker.js';
import { startBroker, stopBroker } from '../../src/delivery/brokers.js';
import { say } from '../../src/text/say.js';
import { useRuntimeLanguage } from '../kit/language.js';
import { numberSetting, requiredSetting, withEnvironment } from '../kit/settings.js';
import { type StoreConfig, storeDefaults } from './switchboard-store.config.js';

/** The store config node: holds the broker that all nodes of this store share. */
export interface StoreNode extends Node {
  /** Resolves when the store is open; rejects with an error for people when it cannot be opened. */
  broker: Promise<Broker>;
}

export = (RED: NodeAPI) => {
  // Every flow has a store, and sets are loaded before any node is made: so all nodes use this language.
  useRuntimeLanguage(RED);
  function SwitchboardStore(this: StoreNode, given: NodeDef & StoreConfig) {
    RED.nodes.createNode(this, given);
    const config = withEnvironment(RED, this, given);
    const where = config.name || 'switchboard-store';
    const number = (name: keyof StoreConfig) => numberSetting(config[name], storeDefaults[name], name, where);
    let folder = '';
    const open = async () => {
      const path = requiredSetting(config.path || storeDefaults.path, 'path', where);
      folder = isAbsolute(path) ? path : join(RED.settings.userDir ?? process.cwd(), path);
      return startBroker({
        id: this.id,
        name: where,
        folder,
        retentionDays: number('retentionDays'),
        retentionBytes: number('retentionMegabytes') * 1024 * 1024,
        inboxLimit: number('inboxLimit'),
        flowTimeout: number('flowTimeout') * 1000,
        log: (level, text) => this[level === 'info' ? 'log' : level](text),
      });
    };
    this.broker = open();
    this.broker.catch((error) => this.error(error instanceof Error ? error.message : String(error)));
    this.on('close', (_removed: boolean, done: () => void) => {
      this.broker
        .then(
          (broker) => stopBroker(broker, folder),
          () => undefined,
        )
        .catch((error) => this.error(say`The store could not be closed: ${String(error)}`))
        .finally(done);
    });
  }
  RED.nodes.registerType('switchboard-store', SwitchboardStore as never);
};
