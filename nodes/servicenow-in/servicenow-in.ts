import type { Node, NodeAPI, NodeDef } from 'node-red';
import { Poller } from '../../src/delivery/poller.js';
import type { ServiceNowClient } from '../../src/endpoints/servicenow/client.js';
import { readWebhook } from '../../src/endpoints/servicenow/webhook.js';
import { SwitchboardError } from '../../src/errors.js';
import { checkWebhook, type WebhookAuth } from '../../src/http/webhook-auth.js';
import type { Json } from '../../src/model/message.js';
import type { MessageRecord } from '../../src/store/store.js';
import { emitFrom } from '../kit/intake.js';
import { IntakeStatus } from '../kit/intake-status.js';
import { type EndpointNode, endpointNode } from '../kit/parties.js';
import { numberSetting, requiredSetting, withEnvironment } from '../kit/settings.js';
import { show } from '../kit/status.js';
import { type Incoming, jsonBody, listen, type Reply } from '../kit/webhooks.js';
import { type ServiceNowInConfig, type ServiceNowInCredentials, serviceNowInDefaults } from './servicenow-in.config.js';

type ThisNode = Node & { credentials?: ServiceNowInCredentials };

export = (RED: NodeAPI) => {
  function ServiceNowIn(this: ThisNode, given: NodeDef & ServiceNowInConfig) {
    RED.nodes.createNode(this, given);
    const config = withEnvironment(RED, this, given);
    const where = config.name || 'servicenow in';
    const stops: (() => Promise<void> | void)[] = [];
    let closed = false;
    this.on('close', (_removed: boolean, done: () => void) => {
      closed = true;
      Promise.allSettled(stops.map(async (stop) => stop())).then(() => done());
    });
    const start = async () => {
      const endpoint = endpointNode<ServiceNowClient>(RED, config.endpoint, where);
      const { client } = endpoint;
      if (config.webhook) stops.push(serveWebhook(RED, this, config, endpoint, where));
      show(this, 'waiting', 'opening store');
      const broker = await endpoint.broker;
      if (closed) return;
      const shown = new IntakeStatus(this, broker);
      stops.push(() => shown.stop());
      await shown.begin(endpoint.id, config.webhook ? `listening on /${config.path}` : 'polling');
      if (closed) return;
      const read = async (record: MessageRecord) => (await client.read(record.entityType, record.entityId)) as Json;
      stops.push(emitFrom(RED, this, broker, read, shown));
      if (config.poll) {
        const interval = numberSetting(config.pollInterval, serviceNowInDefaults.pollInterval, 'pollInterval', where) * 1000;
        const poller = new Poller({
          broker,
          client,
          node: this.id,
          entityType: config.entityType,
          interval: Math.max(100, interval),
          onPolled: () => shown.works('poll'),
          onError: (error, retryAt) => {
            const text = error instanceof Error ? error.message : String(error);
            shown.trouble('poll', text, retryAt);
            this.error(text, { topic: 'poll' } as never);
          },
        });
        stops.push(() => poller.stop());
      }
    };
    start().catch((error) => {
      const text = error instanceof Error ? error.message : String(error);
      show(this, 'error', text);
      this.error(text);
    });
  }
  RED.nodes.registerType('switchboard-servicenow-in', ServiceNowIn as never, {
    credentials: { secret: { type: 'password' }, webhookUser: { type: 'text' }, webhookPassword: { type: 'password' } },
  });
};

/** A webhook is a hint: it is kept, answered, and what it is about is read back before it is emitted. */
function serveWebhook(
  RED: NodeAPI,
  node: ThisNode,
  config: ServiceNowInConfig,
  endpoint: EndpointNode<ServiceNowClient>,
  where: string,
): () => void {
  const path = requiredSetting(config.path, 'path', where);
  const auth = webhookAuth(config, node.credentials ?? {}, where);
  const limit = numberSetting(config.webhookLimit, serviceNowInDefaults.webhookLimit, 'webhookLimit', where) * 1024;
  const receive = async (request: Incoming): Promise<Reply> => {
    checkWebhook(auth, request.headers, request.body);
    const hint = readWebhook(jsonBody(request), endpoint.client.entityTypes, config.entityType);
    const broker = await endpoint.broker;
    await broker.inbox.accept([
      {
        node: node.id,
        origin: 'webhook',
        endpoint: endpoint.id,
        entityType: hint.entityType,
        entityId: hint.id,
        number: hint.number,
        key: hint.key,
        expects: hint.expects,
        payload: hint.payload,
      },
    ]);
    return { status: 202, body: { accepted: true } };
  };
  return listen(RED, path, limit, async (request) => {
    try {
      return await receive(request);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      show(node, error instanceof SwitchboardError && error.code === 'SWB_BUSY' ? 'waiting' : 'warning', `refused: ${text}`);
      node.warn(`A webhook was refused: ${text}`);
      throw error;
    }
  });
}

function webhookAuth(config: ServiceNowInConfig, credentials: ServiceNowInCredentials, where: string): WebhookAuth {
  if (config.webhookAuth === 'basic') {
    return {
      kind: 'basic',
      user: requiredSetting(credentials.webhookUser, 'webhookUser', where),
      password: requiredSetting(credentials.webhookPassword, 'webhookPassword', where),
    };
  }
  const secret = requiredSetting(credentials.secret, 'secret', where);
  const header = config.webhookHeader || serviceNowInDefaults.webhookHeader;
  return config.webhookAuth === 'hmac'
    ? { kind: 'hmac', header, secret, prefix: config.hmacPrefix }
    : { kind: 'header', header, secret };
}
