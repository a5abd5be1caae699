import type { NodeAPI, NodeDef } from 'node-red';
import { CARRY_RULES, FIELD_RULES, type PartyRules } from '../../src/conversation/ownership.js';
import { Availability } from '../../src/delivery/availability.js';
import { FILE_RULES, type FilePolicy } from '../../src/delivery/file-policy.js';
import { fileTypes } from '../../src/delivery/file-types.js';
import type { EndpointForm } from '../../src/endpoints/form.js';
import { systemsOfNode } from '../../src/endpoints/registry.js';
import { SwitchboardError } from '../../src/errors.js';
import { SIDES } from '../../src/model/message.js';
import { say } from '../../src/text/say.js';
import type { StoreNode } from '../switchboard-store/switchboard-store.js';
import { whenValid } from './configured.js';
import { credentialsOf, type EndpointConfig, type EndpointCredentials, endpointDefaults } from './endpoint.config.js';
import { serveEndpointRoutes } from './endpoint-routes.js';
import { concurrencyOf } from './http-options.js';
import { makeClient } from './make-client.js';
import { migrate } from './migrate.js';
import type { EndpointNode } from './parties.js';
import { warnOfRisks } from './risks.js';
import {
  choiceSetting,
  credentialsWithEnvironment,
  flagSetting,
  numberSetting,
  optionalSetting,
  withEnvironment,
} from './settings.js';

/** Longest wait for nodes that unregister at the partner, milliseconds; Node-RED allows 15 s for closing. */
const UNREGISTER_TIME = 5_000;

/** The config node of one or several systems; `node`: the name of the node set. */
export function endpointNode(RED: NodeAPI, node: string) {
  const type = `switchboard-${node}`;
  const [system] = systemsOfNode(node);
  if (!system) throw new SwitchboardError('SWB_CONFIG', say`No system has the endpoint node ${node}.`);
  const form = system.endpoint;
  type ThisNode = EndpointNode & { credentials: EndpointCredentials };
  function Endpoint(this: ThisNode, given: NodeDef & EndpointConfig) {
    RED.nodes.createNode(this, given);
    start(RED, this, form, withEnvironment(RED, this, migrate(given, form.migrations)));
  }
  serveEndpointRoutes(RED, type, form);
  return { node: Endpoint, options: { credentials: credentialsOf(form) } };
}

/** The rules for this party; endpoints saved without these settings use the defaults. */
function partyRules(RED: NodeAPI, config: EndpointConfig, where: string): Partial<PartyRules> {
  const { fieldRules = {} } = config;
  const invalid = Object.entries(fieldRules).find(([, rule]) => !FIELD_RULES.includes(rule));
  if (invalid) {
    throw new SwitchboardError('SWB_CONFIG', say`"${String(invalid[1])}" is not a rule for the field ${invalid[0]}.`, {
      where,
      field: 'fieldRules',
      hint: say`Use one of ${FIELD_RULES.join(', ')}.`,
    });
  }
  const side = choiceSetting(RED, config.side, SIDES, 'side', where);
  const edits = choiceSetting(RED, config.edits, CARRY_RULES, 'edits', where);
  const deletions = choiceSetting(RED, config.deletions, CARRY_RULES, 'deletions', where);
  return { fields: fieldRules, ...(side && { side }), ...(edits && { edits }), ...(deletions && { deletions }) };
}

/** What files this party may send and get; endpoints saved without these settings use the defaults. */
function filePolicy(RED: NodeAPI, config: EndpointConfig, defaults: EndpointConfig, where: string): FilePolicy {
  const { attachmentTypes = '' } = config;
  const rule = choiceSetting(RED, config.attachments, FILE_RULES, 'attachments', where) ?? defaults.attachments;
  const number = (name: 'attachmentMegabytes' | 'attachmentNameLength') =>
    Math.max(1, numberSetting(RED, config[name], defaults[name], name, where));
  return {
    rule,
    types: rule === 'all' ? [] : listedTypes(RED, attachmentTypes, where),
    largest: number('attachmentMegabytes') * 1024 ** 2,
    longestName: number('attachmentNameLength'),
  };
}

/** The types that a rule for attachments names; throws SWB_CONFIG. An empty list would refuse every file, or none. */
function listedTypes(RED: NodeAPI, text: string, where: string): string[] {
  const { types, invalid } = fileTypes(optionalSetting(RED, text, 'attachmentTypes', where));
  if (invalid === undefined && types.length > 0) return types;
  throw new SwitchboardError(
    'SWB_CONFIG',
    invalid === undefined ? say`No type of file is listed.` : say`"${invalid}" is not a type of file.`,
    {
      where,
      field: 'attachmentTypes',
      hint: say`Enter extensions and media types separated by commas or spaces, such as pdf, png, image/*.`,
    },
  );
}

/**
 * Creates the client, registers it with the store's broker, which then sends pending deliveries, and unregisters it on close.
 * With an invalid setting the node has no client; the nodes that use it report that.
 */
function start(
  RED: NodeAPI,
  node: EndpointNode & { credentials: EndpointCredentials },
  form: EndpointForm,
  config: NodeDef & EndpointConfig,
): void {
  const where = config.name || `${form.label} endpoint`;
  const defaults = endpointDefaults(form);
  const credentials = credentialsWithEnvironment(RED, node, node.credentials);
  node.label = where;
  node.storeId = config.store;
  const availability = new Availability();
  Object.defineProperties(node, {
    availability: { value: availability },
    broker: { get: () => availability.ready() },
  });
  let unwatch: () => void = () => undefined;
  whenValid(RED, node, () => {
    try {
      unwatch = join();
    } catch (error) {
      availability.failed({ error: error as SwitchboardError });
      throw error;
    }
  });
  /** Joins the broker of the store whenever there is one. */
  function join(): () => void {
    const client =
      node.client ?? makeClient(RED, { id: node.id, form, where }, config, credentials, () => availability.mayWrite());
    if (!node.client) warnOfRisks(RED, node, config, where);
    node.client = client;
    const store = RED.nodes.getNode(config.store) as StoreNode | null;
    if (!store?.availability) {
      throw new SwitchboardError('SWB_CONFIG', say`The endpoint has no store.`, {
        where,
        field: 'store',
        hint: say`Choose or add a store in the endpoint’s settings and deploy.`,
      });
    }
    const retryDelay = numberSetting(RED, config.retryDelay, defaults.retryDelay, 'retryDelay', where) * 1000;
    const maxTries = Math.max(1, numberSetting(RED, config.maxTries, defaults.maxTries, 'maxTries', where));
    const settling = numberSetting(RED, config.settling, defaults.settling, 'settling', where) * 1000;
    const concurrency = concurrencyOf(RED, config, defaults, where);
    const retry = { baseDelay: retryDelay, maxTries };
    const recordTraffic = flagSetting(RED, config.recordTraffic, 'recordTraffic', where);
    const rules = partyRules(RED, config, where);
    const settings = { concurrency, settling, retry, recordTraffic, rules, files: filePolicy(RED, config, defaults, where) };
    const accounts = [client.integrationUser, credentials.user].flatMap((name) => name || []);
    const update = () => {
      const { broker, trouble } = store.availability;
      if (broker) broker.addEndpoint(client, settings);
      broker?.people.accounts.set(node.id, accounts);
      if (broker) availability.opened(broker);
      else if (trouble) availability.failed(trouble);
    };
    update();
    return store.availability.watch(update);
  }
  const pending: Promise<unknown>[] = [];
  node.hold = (promise) => {
    pending.push(promise.catch(() => undefined));
  };
  node.on('close', (_removed: boolean, done: () => void) => {
    unwatch();
    availability.broker?.people.accounts.delete(node.id);
    Promise.resolve(availability.broker?.removeEndpoint(node.id))
      .then(() => Promise.race([Promise.all(pending), new Promise((resolve) => setTimeout(resolve, UNREGISTER_TIME).unref())]))
      .then(() => node.client?.close())
      .finally(done);
  });
}
