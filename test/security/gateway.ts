import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:https';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { bodyOf, serve, type TestServer } from '../http/server.js';
import { type Mark, plant } from './marks.js';

type Headers = Record<string, string>;
interface Asked {
  headers: Headers;
  body: string;
}

/**
 * A TMF621 provider behind one way to sign in, with secrets of its own. It lets in only who shows them, and when it is told to, it
 * answers with an error that repeats all that it was sent.
 */
export class Gateway {
  /** By the name of the field. */
  readonly secrets: Record<string, Mark>;
  /** Tokens that it gave out. */
  readonly given: Mark[] = [];
  /** Answers some requests in the place of the provider: true where it did. */
  intercept: (req: IncomingMessage, res: ServerResponse) => boolean = () => false;
  /** How often somebody showed the right secrets. */
  entered = 0;
  /** How many more requests are answered with an error that repeats them. */
  echoes = 0;
  echoed = 0;
  url = '';
  private server: TestServer | undefined;

  private constructor(
    readonly method: string,
    readonly sandbox: Sandbox,
    fields: readonly string[],
  ) {
    this.secrets = Object.fromEntries(
      fields.map((name) => [name, plant(`${method}, ${name}`, { plain: /token|key/i.test(name) })]),
    );
  }

  static async start(method: string, fields: readonly string[], tls?: ServerOptions): Promise<Gateway> {
    const gateway = new Gateway(method, await startSandbox(), fields);
    const listener: RequestListener = (req, res) => {
      if (gateway.intercept(req, res)) return;
      gateway.answer(req).then(({ status, headers, body }) => res.writeHead(status, headers).end(body));
    };
    gateway.server = await serve(listener, tls);
    gateway.url = gateway.server.url;
    return gateway;
  }

  get marks(): Mark[] {
    return [...Object.values(this.secrets), ...this.given];
  }

  get desk() {
    return this.sandbox.tmf('v4');
  }

  async close(): Promise<void> {
    await this.server?.close();
    await this.sandbox.close();
  }

  /** No token is valid any more. */
  revoke(): void {
    this.valid = '';
  }

  private valid = '';

  private async answer(req: IncomingMessage): Promise<{ status: number; headers: Headers; body: string | Buffer }> {
    const asked = { headers: req.headers as Headers, body: await bodyOf(req) };
    const isToken = req.url === '/token';
    const json = (status: number, body: object) => ({
      status,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const entered = isToken ? this.isClient(asked) : this.isSignedIn(asked);
    if (entered) this.entered++;
    if (this.echoes > 0) {
      this.echoes--;
      this.echoed++;
      return json(isToken || this.echoes % 2 ? 400 : 500, echo(asked));
    }
    if (!entered) return json(401, echo(asked));
    return isToken ? json(200, this.token()) : this.forward(req, asked.body);
  }

  private token(): object {
    const access = plant(`${this.method}, access token`, { plain: true });
    const refresh = plant(`${this.method}, new refresh token`, { plain: true });
    this.given.push(access, refresh);
    this.valid = access.value;
    if (this.secrets.refreshToken) this.refresh.add(refresh.value);
    return { access_token: access.value, token_type: 'Bearer', expires_in: 1_800, refresh_token: refresh.value };
  }

  private readonly refresh = new Set<string>();

  /** A request for a token with the right secrets. */
  private isClient({ headers, body }: Asked): boolean {
    const form = new URLSearchParams(body);
    const { clientSecret, password, refreshToken } = this.secrets;
    const basic = Buffer.from((headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    const shown = [
      form.get('client_secret'),
      basic.slice(basic.indexOf(':') + 1),
      decodeURIComponent(safely(basic.split(':')[1])),
    ];
    if (!shown.includes(clientSecret?.value ?? '')) return false;
    if (password && form.get('password') !== password.value) return false;
    const refresh = form.get('refresh_token') ?? '';
    return !refreshToken || refresh === refreshToken.value || this.refresh.has(refresh);
  }

  private isSignedIn({ headers }: Asked): boolean {
    const { password, token, apiKey } = this.secrets;
    switch (this.method) {
      case 'none':
        return true;
      case 'basic':
        return headers.authorization === `Basic ${Buffer.from(`planted:${password?.value}`).toString('base64')}`;
      case 'bearer':
        return headers.authorization === `Bearer ${token?.value}`;
      case 'apiKey':
        return headers['x-planted-key'] === apiKey?.value;
      case 'oauthClientCredentials':
      case 'oauthPassword':
      case 'oauthRefreshToken':
        return this.valid !== '' && headers.authorization === `Bearer ${this.valid}`;
      default:
        throw new Error(`There is no stand-in that is signed in to by ${this.method}: add it here.`);
    }
  }

  private async forward({ method = 'GET', url = '/', headers }: IncomingMessage, body: string) {
    const { SANDBOX_TMF_CLIENT_ID: id, SANDBOX_TMF_CLIENT_SECRET: secret } = this.sandbox.environment;
    const behind = `${this.sandbox.url}/tmf4`;
    const type = headers['content-type'];
    const answer = await fetch(behind + url, {
      method,
      headers: {
        Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        ...(type && { 'Content-Type': type }),
      },
      ...(method !== 'GET' && { body }),
    });
    const kind = answer.headers.get('content-type') ?? '';
    const count = answer.headers.get('x-total-count');
    const bytes = Buffer.from(await answer.arrayBuffer());
    return {
      status: answer.status,
      headers: { ...(kind && { 'Content-Type': kind }), ...(count && { 'X-Total-Count': count }) },
      body: /json/.test(kind) ? bytes.toString().replaceAll(behind, this.url) : bytes,
    };
  }
}

/** What a careless partner answers: everything that it got, decoded and encoded. */
function echo({ headers, body }: Asked): object {
  const authorization = headers.authorization ?? '';
  const decoded = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  const all = { authorization, decoded, url: encodeURIComponent(decoded), headers, body };
  return {
    error: 'invalid_client',
    error_description: `not accepted: ${authorization} ${body}`,
    code: '400',
    reason: `Bad request by ${decoded}`,
    message: JSON.stringify(all),
    details: all,
  };
}

const safely = (text = '') => (/%(?![0-9a-f]{2})/i.test(text) ? '' : text);
