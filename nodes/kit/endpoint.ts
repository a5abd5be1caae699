import type { NodeAPI, NodeDef } from 'node-red';
import { FIELD_RULES, type PartyRules } from '../../src/conversation/ownership.js';
import type { Broker } from '../../src/delivery/broker.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import type { EndpointForm } from '../../src/endpoints/form.js';
import { systemOfSettings, systemsOfNode } from '../../src/endpoints/registry.js';
import { SwitchboardError } from '../../src/errors.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { say } from '../../src/text/say.js';
import type { StoreNode } from '../switchboard-store/switchboard-store.js';
import { credentialsOf, type EndpointConfig, type EndpointCredentials, endpointDefaults } from './endpoint.config.js';
import { serveEndpointRoutes } from './endpoint-routes.js';
import { concurrencyOf, httpOptions } from './http-options.js';
import { migrated } from './migrate.js';
import type { EndpointNode } from './parties.js';
import { numberSetting, withEnvironment } from './settings.js';

/** Longest wait for nodes that end their registration at the partner, milliseconds; Node-RED gives a close 15 s. */
const UNREGISTER_TIME = 5_000;

/** The config node of one or several systems; `node`: the name of its set. */
export function endpointNode(RED: NodeAPI, node: string) {
  const type = `switchboard-${node}`;
  const [system] = systemsOfNode(node);
  if (!system) throw new SwitchboardError('SWB_CONFIG', say`No system has the endpoint ${node}.`);
  const form = system.endpoint;
  type ThisNode = EndpointNode & { credentials: EndpointCredentials };
  function Endpoint(this: ThisNode, given: NodeDef & EndpointConfig) {
    RED.nodes.createNode(this, given);
    start(RED, this, form, withEnvironment(RED, this, migrated(given, form.migrations)));
  }
  serveEndpointRoutes(RED, type, form);
  return { node: Endpoint, options: { credentials: credentialsOf(form) } };
}

/** The client of an endpoint from its settings, saved or typed; throws SWB_CONFIG in words. */
export function makeClient(
  RED: NodeAPI,
  { id, form, where }: { id: string; form: EndpointForm; where: string },
  config: EndpointConfig,
  credentials: EndpointCredentials,
): EndpointClient {
  const system = systemOfSettings(form.node, { ...config });
  return system.createClient({
    id,
    name: where,
    settings: { ...endpointDefaults(form), ...config },
    credentials,
    http: () => createHttpClient(httpOptions(RED, system, config, credentials, where)),
    clock: Date.now,
  });
}

/** How the party is dealt with; as usual where an endpoint was saved without such settings. */
function partyRules({ side, edits, deletions, fieldRules = {} }: EndpointConfig, where: string): Partial<PartyRules> {
  const wrong = Object.entries(fieldRules).find(([, rule]) => !FIELD_RULES.includes(rule));
  if (wrong) {
    throw new SwitchboardError('SWB_CONFIG', say`"${String(wrong[1])}" is not a rule for the field ${wrong[0]}.`, {
      where,
      field: 'fieldRules',
      hint: say`Use one of ${FIELD_RULES.join(', ')}.`,
    });
  }
  return { fields: fieldRules, ...(side && { side }), ...(edits && { edits }), ...(deletions && { deletions }) };
}

/**
 * Makes the client, joins the store's broker, sends what waits, and leaves again. A wrong setting leaves the node without a client; the nodes that use it
 * say so.
 */
function start(
  RED: NodeAPI,
  node: EndpointNode & { credentials: EndpointCredentials },
  form: EndpointForm,
  config: NodeDef & EndpointConfig,
): void {
  const where = config.name || `${form.label} endpoint`;
  const usual = endpointDefaults(form);
  node.label = where;
  node.storeId = config.store;
  node.broker = (async () => {
    node.client = makeClient(RED, { id: node.id, form, where }, config, node.credentials ?? {});
    const store = RED.nodes.getNode(config.store) as StoreNode | null;
    if (!store?.broker) {
      throw new SwitchboardError('SWB_CONFIG', say`The endpoint has no store.`, {
        where,
        field: 'store',
        hint: say`Choose or add a store in the endpoint’s dialog and deploy.`,
      });
    }
    const retryDelay = numberSetting(config.retryDelay, usual.retryDelay, 'retryDelay', where) * 1000;
    const maxTries = Math.max(1, numberSetting(config.maxTries, usual.maxTries, 'maxTries', where));
    const settling = numberSetting(config.settling, usual.settling, 'settling', where) * 1000;
    const concurrency = concurrencyOf(config, usual, where);
    const broker: Broker = await store.broker;
    const retry = { baseDelay: retryDelay, maxTries };
    broker.addEndpoint(node.client, { concurrency, settling, retry, rules: partyRules(config, where) });
    return broker;
  })();
  const holds: Promise<unknown>[] = [];
  node.hold = (work) => {
    holds.push(work.catch(() => undefined));
  };
  node.broker.catch((error) => node.error(error instanceof Error ? error.message : String(error)));
  node.on('close', (_removed: boolean, done: () => void) => {
    node.broker
      .then(
        (broker) => broker.removeEndpoint(node.id),
        () => undefined,
      )
      .then(() => Promise.race([Promise.all(holds), new Promise((resolve) => setTimeout(resolve, UNREGISTER_TIME).unref())]))
      .then(() => node.client?.close())
      .finally(done);
  });
}
