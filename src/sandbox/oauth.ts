import { randomBytes } from 'node:crypto';
import type { Reply, Request } from './exchange.js';

export interface OAuthClient {
  id: string;
  secret: string;
}

/** A token endpoint (RFC 6749): client credentials, password, refresh token. Like ServiceNow's, it accepts only form bodies. */
export class TokenEndpoint {
  private readonly tokens = new Map<string, { user: string; expires: number }>();
  private readonly refresh = new Map<string, string>();
  /** Lifetime of a token in seconds. */
  lifetime = 1_799;
  issued = 0;

  constructor(
    private readonly client: OAuthClient,
    private readonly passwords: Record<string, string>,
  ) {}

  handle(request: Request): Reply {
    const refuse = (error: string, description: string, status = 401): Reply => ({
      status,
      body: { error, error_description: description },
    });
    if (!/^application\/x-www-form-urlencoded/.test(request.headers['content-type'] ?? ''))
      return refuse('invalid_request', 'unspecified', 400);
    const form = new URLSearchParams(request.body.toString('utf8'));
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const [id, secret] = basic
      ? Buffer.from(basic, 'base64').toString('utf8').split(':')
      : [form.get('client_id'), form.get('client_secret')];
    if (id !== this.client.id || secret !== this.client.secret) return refuse('invalid_client', 'Client authentication failed');
    switch (form.get('grant_type')) {
      case 'client_credentials':
        return this.issue(this.client.id, false);
      case 'password': {
        const user = form.get('username') ?? '';
        return user && this.passwords[user] === form.get('password')
          ? this.issue(user, true)
          : refuse('access_denied', 'access_denied');
      }
      case 'refresh_token': {
        const user = this.refresh.get(form.get('refresh_token') ?? '');
        return user ? this.issue(user, true) : refuse('invalid_grant', 'The refresh token is invalid');
      }
      default:
        return refuse('unsupported_grant_type', 'Unsupported grant type', 400);
    }
  }

  /** The user of a token; undefined if it is invalid or expired. */
  userOf(token: string): string | undefined {
    const found = this.tokens.get(token);
    return found && found.expires > Date.now() ? found.user : undefined;
  }

  /** Invalidates all tokens. */
  revoke(): void {
    this.tokens.clear();
  }

  private issue(user: string, renewable: boolean): Reply {
    const token = randomBytes(32).toString('base64url');
    this.tokens.set(token, { user, expires: Date.now() + this.lifetime * 1000 });
    this.issued++;
    const refresh = randomBytes(32).toString('base64url');
    if (renewable) this.refresh.set(refresh, user);
    return {
      status: 200,
      body: {
        access_token: token,
        token_type: 'Bearer',
        expires_in: this.lifetime,
        scope: 'useraccount',
        ...(renewable && { refresh_token: refresh }),
      },
    };
  }
}
