import type { NodeAPI, NodeDef } from 'node-red';
import type { IdentifiedEntity } from '../../src/delivery/dispatcher.js';
import { checkCondition } from '../../src/delivery/intake.js';
import type { IntakePart } from '../../src/delivery/intake-troubles.js';
import { sharedIntakesOf } from '../../src/delivery/shared-intakes.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import type { PostedEvent } from '../../src/endpoints/posted-events.js';
import { systemOf } from '../../src/endpoints/registry.js';
import type { System } from '../../src/endpoints/system.js';
import { SwitchboardError } from '../../src/errors.js';
import type { Json } from '../../src/model/message.js';
import type { MessageRecord } from '../../src/store/store.js';
import { say } from '../../src/text/say.js';
import { whenValid } from './configured.js';
import { deployedFlows } from './deployed-flows.js';
import { emission } from './emission.js';
import { requireSystem } from './entity-types.js';
import { FormerSecret } from './former-secret.js';
import { hubReport, hubStatus } from './hub-status.js';
import { type InConfig, inCredentials, inDefaults } from './in.config.js';
import { IntakeStatus } from './intake-status.js';
import { log } from './log.js';
import { migrate } from './migrate.js';
import { requireEndpoint } from './parties.js';
import { EventListener, subscriberOf } from './receive-events.js';
import { type InNode, refuseWebhooks, serveWebhook, webhookHint } from './receive-webhook.js';
import { warnOfPublicUrl } from './risks.js';
import { flagSetting, numberSetting, withEnvironment } from './settings.js';
import { whileOpen } from './while-open.js';

/** The in node of a system. */
export function inNode(RED: NodeAPI, id: string) {
  const system = systemOf(id);
  function In(this: InNode, given: NodeDef & InConfig) {
    RED.nodes.createNode(this, given);
    receive(RED, this, withEnvironment(RED, this, migrate(given, system.migrations?.in)), system);
  }
  return { node: In, options: { credentials: inCredentials(system.receive) } };
}

/** Receives changes from the partner by webhook, hub event or polling, reads the changed entities and emits them. */
function receive(RED: NodeAPI, node: InNode, config: NodeDef & InConfig, system: System): void {
  const where = config.name || `${system.id} in`;
  const defaults = inDefaults(system);
  const entityType = config.entityType || (system.entityTypes[0] ?? '');
  const number = (name: keyof InConfig) => numberSetting(RED, config[name] as string, String(defaults[name]), name, where);
  const flag = (name: 'webhook' | 'hub' | 'poll') => flagSetting(RED, config[name], name, where);
  const start = () => {
    const endpoint = requireEndpoint(RED, config.endpoint, where);
    const { client } = endpoint;
    const flows = deployedFlows(RED);
    const former = new FormerSecret(node);
    requireSystem(client, system.id, where);
    const webhook = system.receive.webhook !== undefined && flag('webhook');
    // Before other settings can turn out to be invalid, and also while the store is not open: after a 404, senders do not retry.
    if (webhook)
      node.on('close', serveWebhook(RED, node, config, endpoint, { where, entityType, limit: number('webhookLimit'), former }));
    const hub = flag('hub') ? client.hub : undefined;
    const poll = flag('poll');
    const condition = (config.newOnly ?? '').trim();
    // Only the messages whose flow it decides about wait until it is corrected.
    whenValid(RED, node, () => checkCondition(condition, where));
    const events = hub && new EventListener(RED, node, endpoint, { hub, entityType, limit: number('eventLimit') * 1024, former });
    if (events) {
      node.on('close', () => events.close());
      warnOfPublicUrl(node, config.publicUrl, where);
    }
    whileOpen(node, endpoint, async (session) => {
      const { broker } = session;
      const status = new IntakeStatus(node, broker);
      session.onEnd(() => status.stop());
      const worker = broker.worker(endpoint.id);
      const showPause = () => status.paused(worker?.status.paused?.nextCheck);
      if (worker) session.onEnd(worker.access.watch(showPause));
      const pollInterval = poll ? Math.max(100, number('pollInterval') * 1000) : undefined;
      const idleText = receivingText(webhook ? config.path : undefined, hub !== undefined, poll);
      former.show = (at) => status.formerSecretUsed(at);
      session.onEnd(() => {
        former.show = () => undefined;
      });
      const counted = status.begin(endpoint.id, idleText, { pollInterval, hub: hub !== undefined });
      if (webhook && node.credentials?.formerSecret) status.formerSecret('start');
      const trouble = (part: IntakePart, error: unknown, retryAt: number, isFirst: boolean) => {
        const text = error instanceof Error ? error.message : String(error);
        const what = part === 'hub' ? 'hub registration' : 'poll';
        const isNew = status.trouble(part, text, retryAt);
        if (isNew && isFirst) log(node, 'error', `${what}: ${text}`, { topic: what });
      };
      const { emit, ended, readFailed, forget } = emission(RED, node, broker);
      const subscriber =
        hub &&
        events &&
        (await subscriberOf(
          RED,
          node,
          config,
          { hub, events, where, number },
          {
            onAccepted: ({ former, isRenewed }) =>
              status.formerSecret(former === undefined ? undefined : isRenewed ? 'renewal' : 'start'),
            onRegistered: (state) => {
              broker.intakeReports.hub(node.id, hubReport(state));
              status.works('hub', hubStatus(state, broker.clock()), state.certain);
            },
            onError: (error, retryAt, isFirst) => trouble('hub', error, retryAt, isFirst),
            onUnknownCallback: (error) => {
              status.trouble('hub', error.message);
              log(node, 'error', error.message);
            },
          },
        ));
      if (session.over) return;
      const leave = sharedIntakesOf(broker).join(
        {
          node: node.id,
          client,
          condition,
          webhook,
          ...(pollInterval !== undefined && { pollInterval }),
          ...(subscriber && { subscriber }),
          identify: (record, received) => identify(client, record, received),
          flows: () => flows.beside(node, endpoint.id, entityType),
          deployed: () => flows.whenStarted(),
          emit: (record, payload, emission, onIdle) => {
            status.readable();
            emit(record, payload, emission, onIdle);
          },
          ended,
          readFailed: (record, error, retryAt, logs) => {
            // Without a retry the message is counted as failed.
            if (retryAt) status.trouble('read', error instanceof Error ? error.message : String(error), retryAt);
            else status.readable();
            if (logs) readFailed(record, error);
          },
          polled: () => status.works('poll', hub || webhook ? undefined : say`polling`),
          trouble,
        },
        entityType,
      );
      session.onEnd((removed) => {
        if (events) events.registration = undefined;
        forget();
        const leaving = leave(removed);
        endpoint.hold(leaving);
        return leaving;
      });
      await counted;
      showPause();
    });
  };
  let stopRefusing = () => {};
  whenValid(RED, node, () => {
    try {
      stopRefusing();
      start();
    } catch (error) {
      if (system.receive.webhook) stopRefusing = refuseWebhooks(RED, node, config, Number(system.receive.webhook.limit));
      throw error;
    }
  });
}

/** The status text for the way changes arrive, while everything works. */
function receivingText(path: string | undefined, hub: boolean, poll: boolean): string {
  if (path !== undefined) return say`listening on /${path}`;
  if (hub) return say`registering at the hub`;
  return poll ? say`polling` : say`not receiving changes`;
}

/** Finds out which entity an event is about that was stored without one: by its content, by the number in it, or from the partner. */
async function identify(client: EndpointClient, record: MessageRecord, received: Json): Promise<IdentifiedEntity> {
  const hint =
    record.origin === 'event' && client.hub
      ? await client.hub.identify(received as PostedEvent)
      : webhookHint(client, received as PostedEvent, record.entityType);
  const { entityType, number, expects } = hint;
  if (hint.id !== '') return { entityType, entityId: hint.id, number, expects };
  const found = number === undefined ? undefined : await client.findByNumber?.(entityType, number);
  if (found) return { entityType, entityId: client.parse(found).source.id, number, expects };
  const [reason, advice] =
    number === undefined
      ? [say`The event names no ${entityType}.`, say`Send the id of the record in the event.`]
      : [
          say`There is no ${entityType} with the number ${number}.`,
          say`Send the id of the record, or check whether the endpoint’s user may see it.`,
        ];
  throw new SwitchboardError('SWB_PAYLOAD', reason, { where: client.name, hint: advice });
}
