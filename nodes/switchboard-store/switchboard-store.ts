import { isAbsolute, join } from 'node:path';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { Availability } from '../../src/delivery/availability.js';
import type { Broker } from '../../src/delivery/broker.js';
import { BrokerHost } from '../../src/delivery/broker-host.js';
import { unservedError, unservedMessages } from '../../src/delivery/unserved.js';
import { virusScanner } from '../../src/delivery/virus-scanner.js';
import type { SwitchboardError } from '../../src/errors.js';
import { PERSONAL_CLASSES, type PersonalClass } from '../../src/model/personal.js';
import { People } from '../../src/privacy/people.js';
import { say } from '../../src/text/say.js';
import { reportInvalid } from '../kit/configured.js';
import { deployedFlows } from '../kit/deployed-flows.js';
import { watchFlowState } from '../kit/flow-state.js';
import { followDeploys } from '../kit/follow-deploys.js';
import { keptSecret } from '../kit/kept-secret.js';
import { useRuntimeLanguage } from '../kit/language.js';
import { log } from '../kit/log.js';
import { warnOfUncheckedCertificates } from '../kit/risks.js';
import { flagSetting, numberSetting, requiredSetting, withEnvironment } from '../kit/settings.js';
import { type StoreConfig, storeDefaults } from './switchboard-store.config.js';

type NumberName = 'retentionDays' | 'retentionMegabytes' | 'inboxLimit' | 'flowTimeout' | 'auditMonths';
/** The setting for each class of people's data. */
const MASKS = { names: 'maskNames', email: 'maskEmail', phone: 'maskPhone' } as const satisfies Record<PersonalClass, string>;

/** The store config node: holds the broker that all nodes of this store share. */
export interface StoreNode extends Node {
  /** Whether the store is open; while it is not, why. */
  availability: Availability;
}

export = (RED: NodeAPI) => {
  // Every flow has a store, and sets are loaded before any node is made: so all nodes use this language, and no deploy is missed.
  useRuntimeLanguage(RED);
  watchFlowState(RED);
  followDeploys(RED);
  function SwitchboardStore(this: StoreNode, given: NodeDef & StoreConfig) {
    RED.nodes.createNode(this, given);
    const config = withEnvironment(RED, this, given);
    const where = config.name || 'switchboard-store';
    warnOfUncheckedCertificates(this);
    const number = (name: NumberName) => numberSetting(RED, config[name], storeDefaults[name], name, where);
    const open = () => {
      const path = requiredSetting(RED, config.path || storeDefaults.path, 'path', where);
      return new BrokerHost({
        id: this.id,
        name: where,
        folder: isAbsolute(path) ? path : join(RED.settings.userDir ?? process.cwd(), path),
        retentionDays: number('retentionDays'),
        retentionBytes: number('retentionMegabytes') * 1024 * 1024,
        auditMonths: number('auditMonths'),
        inboxLimit: number('inboxLimit'),
        flowTimeout: number('flowTimeout') * 1000,
        people: new People(
          new Set(PERSONAL_CLASSES.filter((one) => flagSetting(RED, config[MASKS[one]], MASKS[one], where))),
          usersOf(RED),
        ),
        // From the environment: whoever edits flows must not be able to switch it off.
        scanner: virusScanner(process.env.SWITCHBOARD_CLAMD),
        secret: () => keptSecret(RED),
        log: (level, text) => log(this, level, text),
      });
    };
    let host: BrokerHost | undefined;
    try {
      host = open();
      this.availability = host.availability;
    } catch (error) {
      this.availability = new Availability();
      this.availability.failed({ error: error as SwitchboardError });
      reportInvalid(this, error);
    }
    const stopReporting = reportUnserved(RED, this);
    this.on('close', (_removed: boolean, done: () => void) => {
      stopReporting();
      Promise.resolve(host?.close())
        .catch((error) => log(this, 'error', say`The store could not be closed: ${String(error)}`))
        .finally(done);
    });
  }
  RED.nodes.registerType('switchboard-store', SwitchboardStore as never);
};

/** The users of Node-RED, as far as its settings list them. */
function usersOf({ settings }: NodeAPI): string[] {
  const { users } = (settings as { adminAuth?: { users?: unknown } }).adminAuth ?? {};
  return Array.isArray(users) ? users.flatMap((user: { username?: string } | null) => user?.username ?? []) : [];
}

/** Warns after each deploy, and when the store opens, of messages that no node takes. Returns the function that stops it. */
function reportUnserved(RED: NodeAPI, node: StoreNode): () => void {
  const flows = deployedFlows(RED);
  const { availability } = node;
  let reported: Broker | undefined;
  let reporting = false;
  const report = async (broker: Broker) => {
    await flows.whenStarted();
    for (const { example, count } of await unservedMessages(broker)) {
      const { message } = unservedError(example, (id) => broker.nameOf(id) ?? id);
      log(node, 'warn', count === 1 ? say`1 message waits: ${message}` : say`${count} messages wait: ${message}`);
    }
  };
  const tryReport = (broker: Broker | undefined) => {
    reported = broker;
    if (!broker || reporting) return;
    reporting = true;
    report(broker)
      // The store may be closed meanwhile.
      .catch(() => undefined)
      .finally(() => {
        reporting = false;
      });
  };
  const stops = [
    flows.onStarted(() => tryReport(availability.broker)),
    availability.watch(() => {
      if (availability.broker !== reported) tryReport(availability.broker);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
