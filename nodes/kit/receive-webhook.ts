import type { Node, NodeAPI } from 'node-red';
import { receivedHint } from '../../src/delivery/received-item.js';
import type { EndpointClient, Hint } from '../../src/endpoints/endpoint.js';
import { hintsOf, type PostedEvent, receivedEvents } from '../../src/endpoints/posted-events.js';
import { SwitchboardError } from '../../src/errors.js';
import { checkWebhook, type WebhookAuth } from '../../src/http/webhook-auth.js';
import { say } from '../../src/text/say.js';
import type { InConfig, InCredentials } from './in.config.js';
import { log } from './log.js';
import type { EndpointNode } from './parties.js';
import { credentialsWithEnvironment, optionalSetting, requiredSetting } from './settings.js';
import { show } from './status.js';
import { isListening, listen, type PartnerRequest, type Reply } from './webhooks.js';

export type InNode = Node & { credentials?: InCredentials };

interface WebhookOptions {
  where: string;
  /** Used for bodies that do not name an entity type. */
  entityType: string;
  /** Kilobytes. */
  limit: number;
}

/**
 * A webhook is only a hint: it is stored and acknowledged, and the entity is read before it is emitted. Returns the function that
 * stops it.
 */
export function serveWebhook(
  RED: NodeAPI,
  node: InNode,
  config: InConfig,
  endpoint: EndpointNode,
  { where, entityType, limit }: WebhookOptions,
): () => void {
  const path = requiredSetting(config.path, 'path', where);
  const auth = webhookAuth(config, credentialsWithEnvironment(RED, node, node.credentials), where);
  const receive = async (request: PartnerRequest): Promise<Reply> => {
    const { headers, body } = request;
    checkWebhook(auth, headers, body);
    const events = await receivedEvents(request, limit * 1024);
    const hints = hintsOf(events, entityType, (event) => webhookHint(endpoint.client, event, entityType));
    const broker = await endpoint.broker;
    await broker.inbox.accept(
      hints.map((hint) => receivedHint(hint, { node: node.id, origin: 'webhook', endpoint: endpoint.id })),
    );
    return { status: 202, body: { accepted: true } };
  };
  return listen(RED, path, limit * 1024, async (request) => {
    try {
      return await receive(request);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      // While the store is not open, the status says why.
      if (endpoint.availability.broker)
        show(
          node,
          error instanceof SwitchboardError && error.code === 'SWB_BUSY' ? 'waiting' : 'warning',
          say`rejected: ${text}`,
        );
      log(node, 'warn', say`A webhook was rejected: ${text}`);
      throw error;
    }
  });
}

/**
 * Answers 503 on the path of a node with an invalid setting, so that senders retry, as they would not after a 404; the setting
 * itself is nothing for senders to know. Does nothing where the path is unknown or answered already. Returns the function that ends it.
 * @param limit kilobytes
 */
export function refuseWebhooks(RED: NodeAPI, node: Node, { webhook, path }: InConfig, limit: number): () => void {
  if (!webhook || !path || isListening(RED, path)) return () => {};
  const stop = listen(RED, path, limit * 1024, async () => {
    throw new SwitchboardError('SWB_CONFIG', say`The in node has an invalid setting.`, { hint: say`Retry later.` });
  });
  node.on('close', stop);
  return stop;
}

/** The hint of a webhook's event; throws as `readWebhook`, or SWB_CONFIG where the system has no webhooks. */
export function webhookHint(client: EndpointClient, event: PostedEvent, entityType: string): Hint {
  if (client.readWebhook) return client.readWebhook(event, entityType);
  throw new SwitchboardError('SWB_CONFIG', say`${client.name} does not support webhooks.`, { hint: say`Use polling instead.` });
}

function webhookAuth(config: InConfig, credentials: InCredentials, where: string): WebhookAuth {
  if (config.webhookAuth === 'basic') {
    return {
      kind: 'basic',
      user: requiredSetting(credentials.webhookUser, 'webhookUser', where),
      password: requiredSetting(credentials.webhookPassword, 'webhookPassword', where),
    };
  }
  const secret = requiredSetting(credentials.secret, 'secret', where);
  const header = optionalSetting(config.webhookHeader, 'webhookHeader', where) || 'x-switchboard-secret';
  return config.webhookAuth === 'hmac'
    ? { kind: 'hmac', header, secret, prefix: optionalSetting(config.hmacPrefix, 'hmacPrefix', where) }
    : { kind: 'header', header, secret };
}
