import type { ReceiveForm, SystemForm } from '../../src/endpoints/form.js';

/** How senders of a webhook prove who they are: by a secret in a header, a password, or a signature with or without a time stamp. */
export const WEBHOOK_AUTHS = ['header', 'basic', 'hmac', 'timed'] as const;

/**
 * Settings of the in nodes; a system lacks those of ways to receive changes that it does not support. Numbers are stored as text
 * so that `${ENV}` works in them.
 */
export interface InConfig {
  name: string;
  endpoint: string;
  /** Only if the system has several. */
  entityType?: string;
  webhook?: boolean;
  /** Path under httpNodeRoot, e.g. `switchboard/acme`. */
  path?: string;
  webhookAuth?: (typeof WEBHOOK_AUTHS)[number];
  /** Header that carries the shared secret or the signature. */
  webhookHeader?: string;
  /** Text before the signature, e.g. `sha256=`. */
  hmacPrefix?: string;
  /** Minutes that the time stamp of a signature may differ from the clock here. */
  signatureTolerance?: string;
  /** Kilobytes. */
  webhookLimit?: string;
  hub?: boolean;
  /**
   * The URL at which the partner reaches this Node-RED, e.g. `https://broker.example.com`; empty = this machine's loopback
   * address.
   */
  publicUrl?: string;
  /** Filter of the hub subscription, e.g. `eventType=TroubleTicketStatusChangeEvent`. */
  query?: string;
  /** Minutes between renewals of the registration. */
  renewInterval?: string;
  /** Kilobytes. */
  eventLimit?: string;
  poll?: boolean;
  /** Seconds between polls. */
  pollInterval?: string;
  /** JSONata over a record as read: only new records for which it holds enter the flow of this node. Empty: any. */
  newOnly?: string;
}

const SIGNATURE_HEADER = 'x-switchboard-signature';
/** Defaults of `webhookHeader`. */
const DEFAULT_HEADERS = { header: 'x-switchboard-secret', hmac: SIGNATURE_HEADER, timed: SIGNATURE_HEADER } as const;

/** The header for a kind of protection: one that is the default of another kind becomes the default of this one. */
export function headerFor(kind: NonNullable<InConfig['webhookAuth']>, header: string): string {
  const isDefault = header.trim() === '' || Object.values<string>(DEFAULT_HEADERS).includes(header.trim().toLowerCase());
  return kind !== 'basic' && isDefault ? DEFAULT_HEADERS[kind] : header;
}

/** Default of `signatureTolerance`. */
export const SIGNATURE_TOLERANCE = '5';

export interface InCredentials {
  secret?: string;
  /** The secret, or password, before the current one: accepted until it is removed. */
  formerSecret?: string;
  webhookUser?: string;
  webhookPassword?: string;
}

/** How Node-RED stores them: texts are shown again, passwords are not. */
export function inCredentials({ webhook }: ReceiveForm): Partial<Record<keyof InCredentials, { type: 'text' | 'password' }>> {
  if (!webhook) return {};
  const password = { type: 'password' } as const;
  return { secret: password, formerSecret: password, webhookUser: { type: 'text' }, webhookPassword: password };
}

/** Whether the webhook of a node needs a credential. */
export function needsCredential(name: string, { webhook, webhookAuth }: InConfig): boolean {
  if (!webhook) return false;
  return webhookAuth === 'basic' ? name === 'webhookUser' || name === 'webhookPassword' : name === 'secret';
}

/** Whether the dialog offers a choice of record types. */
export function hasTypes({ entityTypes }: Pick<SystemForm, 'entityTypes'>): boolean {
  return entityTypes.length > 1;
}

/** Default settings of an in node: it polls only if the system cannot send changes. */
export function inDefaults(form: SystemForm): InConfig {
  const { webhook, hub, poll } = form.receive;
  return {
    name: '',
    endpoint: '',
    ...(hasTypes(form) && { entityType: form.entityTypes[0] }),
    ...(webhook && {
      webhook: true,
      path: '',
      webhookAuth: 'header',
      webhookHeader: DEFAULT_HEADERS.header,
      hmacPrefix: '',
      signatureTolerance: SIGNATURE_TOLERANCE,
      webhookLimit: webhook.limit,
    }),
    ...(hub && { hub: true, publicUrl: '', query: '', renewInterval: hub.renewInterval, eventLimit: hub.eventLimit }),
    ...(poll && { poll: !webhook && !hub, pollInterval: poll.interval }),
    newOnly: '',
  };
}
