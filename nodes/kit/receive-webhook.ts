import type { Node, NodeAPI } from 'node-red';
import { receivedHint } from '../../src/delivery/received-item.js';
import type { EndpointClient, Hint } from '../../src/endpoints/endpoint.js';
import { hintsOf, type PostedEvent, receivedEvents } from '../../src/endpoints/posted-events.js';
import { SwitchboardError } from '../../src/errors.js';
import type { Reply } from '../../src/http/receive-request.js';
import { ReplayWindow } from '../../src/http/replay-window.js';
import { type WebhookAuth, webhookClaim } from '../../src/http/webhook-auth.js';
import { say } from '../../src/text/say.js';
import type { FormerSecret } from './former-secret.js';
import { type InConfig, type InCredentials, SIGNATURE_TOLERANCE, WEBHOOK_AUTHS } from './in.config.js';
import type { EndpointNode } from './parties.js';
import { refusedAt } from './refused.js';
import {
  choiceSetting,
  credentialsWithEnvironment,
  headerName,
  numberSetting,
  optionalSecret,
  optionalSetting,
  requestPath,
  requiredSetting,
} from './settings.js';
import { isListening, listen } from './webhooks.js';

export type InNode = Node & { credentials?: InCredentials };

interface WebhookOptions {
  where: string;
  /** Used for bodies that do not name an entity type. */
  entityType: string;
  /** Kilobytes. */
  limit: number;
  former: FormerSecret;
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
  { where, entityType, limit, former }: WebhookOptions,
): () => void {
  const path = requestPath(RED, requiredSetting(RED, config.path, 'path', where), 'path', where);
  const auth = webhookAuth(RED, config, credentialsWithEnvironment(RED, node, node.credentials), where);
  const replays = new ReplayWindow<Reply>(Date.now);
  const accept = async (headers: Record<string, string>, body: Buffer): Promise<Reply> => {
    const events = await receivedEvents({ headers, body }, limit * 1024);
    const hints = hintsOf(events, entityType, (event) => webhookHint(endpoint.client, event, entityType));
    const broker = await endpoint.broker;
    await broker.inbox.accept(
      hints.map((hint) => receivedHint(hint, { node: node.id, origin: 'webhook', endpoint: endpoint.id })),
    );
    return { status: 202, body: { accepted: true } };
  };
  return listen(RED, path, {
    limit: limit * 1024,
    admit: ({ headers }) => {
      const claim = webhookClaim(auth, headers, Date.now());
      return {
        isKnown: claim.proof !== undefined,
        receive: async (body) => {
          const { secret, once } = claim.prove(body);
          if (secret === 'former') former.used();
          return once ? replays.once(once.signature, once.until, () => accept(headers, body)) : accept(headers, body);
        },
      };
    },
    refused: refusedAt(
      node,
      path,
      (reason) => say`A webhook was rejected: ${reason}`,
      () => endpoint.availability.broker !== undefined,
    ),
  });
}

/**
 * Answers 503 on the path of a node with an invalid setting, so that senders retry, as they would not after a 404; the setting
 * itself is nothing for senders to know. Does nothing where the path is unknown or answered already. Returns the function that ends it.
 * @param limit kilobytes
 */
export function refuseWebhooks(RED: NodeAPI, node: Node, { webhook, path }: InConfig, limit: number): () => void {
  if (!webhook || !path || isListening(RED, path)) return () => {};
  const stop = listen(RED, path, {
    limit: limit * 1024,
    admit: () => {
      throw new SwitchboardError('SWB_CONFIG', say`The in node has an invalid setting.`, { hint: say`Retry later.` });
    },
    refused: () => undefined,
  });
  node.on('close', stop);
  return stop;
}

/** The hint of a webhook's event; throws as `readWebhook`, or SWB_CONFIG where the system has no webhooks. */
export function webhookHint(client: EndpointClient, event: PostedEvent, entityType: string): Hint {
  if (client.readWebhook) return client.readWebhook(event, entityType);
  throw new SwitchboardError('SWB_CONFIG', say`${client.name} does not support webhooks.`, { hint: say`Use polling instead.` });
}

function webhookAuth(RED: NodeAPI, config: InConfig, credentials: InCredentials, where: string): WebhookAuth {
  const former = optionalSecret(RED, credentials.formerSecret, 'formerSecret', where);
  const kind = choiceSetting(RED, config.webhookAuth, WEBHOOK_AUTHS, 'webhookAuth', where) ?? 'header';
  if (kind === 'basic') {
    const user = requiredSetting(RED, credentials.webhookUser, 'webhookUser', where);
    return { kind: 'basic', user, secret: requiredSetting(RED, credentials.webhookPassword, 'webhookPassword', where), former };
  }
  const secrets = { secret: requiredSetting(RED, credentials.secret, 'secret', where), former };
  const named = optionalSetting(RED, config.webhookHeader, 'webhookHeader', where) || 'x-switchboard-secret';
  const header = headerName(RED, named, 'webhookHeader', where);
  switch (kind) {
    case 'hmac':
      return { kind, header, ...secrets, prefix: optionalSetting(RED, config.hmacPrefix, 'hmacPrefix', where) };
    case 'timed': {
      const minutes = numberSetting(RED, config.signatureTolerance, SIGNATURE_TOLERANCE, 'signatureTolerance', where);
      return { kind, header, ...secrets, tolerance: minutes * 60_000 };
    }
    case 'header':
      return { kind, header, ...secrets };
  }
}
