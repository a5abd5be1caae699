import type { Node, NodeAPI } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import { checkWebhook, type WebhookAuth } from '../../src/http/webhook-auth.js';
import { say } from '../../src/text/say.js';
import type { InConfig, InCredentials } from './in.config.js';
import type { EndpointNode } from './parties.js';
import { requiredSetting } from './settings.js';
import { show } from './status.js';
import { jsonBody, listen, type PartnerRequest, type Reply } from './webhooks.js';

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
  const auth = webhookAuth(config, node.credentials ?? {}, where);
  const receive = async (request: PartnerRequest): Promise<Reply> => {
    checkWebhook(auth, request.headers, request.body);
    const hint = hintOf(endpoint.client, jsonBody(request), entityType);
    const broker = await endpoint.broker;
    const { id, number, key, expects, payload } = hint;
    await broker.inbox.accept([
      {
        node: node.id,
        origin: 'webhook',
        endpoint: endpoint.id,
        entityType: hint.entityType,
        entityId: id,
        number,
        key,
        expects,
        payload,
      },
    ]);
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
      node.warn(say`A webhook was rejected: ${text}`);
      throw error;
    }
  });
}

function hintOf(client: EndpointClient, body: unknown, entityType: string) {
  if (client.readWebhook) return client.readWebhook(body, entityType);
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
  const header = config.webhookHeader || 'x-switchboard-secret';
  return config.webhookAuth === 'hmac'
    ? { kind: 'hmac', header, secret, prefix: config.hmacPrefix ?? '' }
    : { kind: 'header', header, secret };
}
