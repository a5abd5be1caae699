import type { IncomingMessage, ServerResponse } from 'node:http';
import { serve, type TestServer } from '../http/server.js';
import type { FlowNode } from '../live/node-red.js';
import { ANSWERS, type Answer, TOKEN_ANSWERS } from './hostile-answers.js';

const ALL = { ...ANSWERS, ...TOKEN_ANSWERS };

export const KINDS = Object.keys(ALL);

/** What nobody outside may read, in every answer of the internal service. */
export const INTERNAL = 'internal-service-answer-5e1f';

/** A service that only this machine can reach: nobody outside may make the product ask it. */
export class InternalService {
  readonly visits: string[] = [];
  private constructor(private server?: TestServer) {}

  static async start(): Promise<InternalService> {
    const service = new InternalService();
    service.server = await serve((req, res) => {
      service.visits.push(`${req.method} ${req.url}`);
      res
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end(JSON.stringify([{ id: 'TT-1', name: INTERNAL, description: INTERNAL }]));
    });
    return service;
  }

  get url(): string {
    return this.server!.url;
  }

  get port(): string {
    return new URL(this.url).port;
  }

  async close(): Promise<void> {
    await this.server?.close();
  }
}

/** Partners that answer in every hostile way, each below a path of its own. */
export class HostilePartners {
  /** How often each was asked. */
  readonly asked = new Map<string, number>();
  /** Milliseconds for which a request to each was open, the longest. */
  readonly longest = new Map<string, number>();
  private server: TestServer | undefined;

  private constructor(private readonly internal: InternalService) {}

  static async start(internal: InternalService): Promise<HostilePartners> {
    const partners = new HostilePartners(internal);
    partners.server = await serve((req, res) => partners.answer(req, res));
    return partners;
  }

  async close(): Promise<void> {
    await this.server?.close();
  }

  /** An endpoint for each, and a node that polls it. */
  nodes(credential: string): FlowNode[] {
    return KINDS.flatMap((kind) => [
      {
        id: `ep-${kind}`,
        type: 'switchboard-tmf-endpoint',
        name: `Hostile ${kind}`,
        store: 'sb1-store',
        baseUrl: `${this.server!.url}/${kind}`,
        version: 'v4',
        api: 'tmf621',
        auth: kind in TOKEN_ANSWERS ? 'oauthClientCredentials' : 'none',
        tokenUrl: `${this.server!.url}/${kind}`,
        timeout: '3',
        retryDelay: '0.1',
        credentials: { clientId: credential, clientSecret: credential },
      },
      {
        id: `in-${kind}`,
        type: 'switchboard-tmf621-in',
        z: 'sb1-flow',
        name: kind,
        endpoint: `ep-${kind}`,
        hub: false,
        poll: true,
        pollInterval: '0.5',
        wires: [[]],
      },
    ]);
  }

  private answer(req: IncomingMessage, res: ServerResponse): void {
    const kind = req.url?.split(/[/?]/)[1] ?? '';
    const begun = performance.now();
    this.asked.set(kind, (this.asked.get(kind) ?? 0) + 1);
    res.once('close', () => this.longest.set(kind, Math.max(this.longest.get(kind) ?? 0, performance.now() - begun)));
    const answer = (ALL as Record<string, Answer | undefined>)[kind];
    if (answer) answer(req, res, this.internal.url);
    else res.writeHead(404).end();
  }
}
