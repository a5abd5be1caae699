import type { FlowNode } from '../live/node-red.js';
import { OwnServiceNow, SERVICENOW_ENV } from './own-servicenow.js';
import { OwnTmf621, TMF_ENV } from './own-tmf621.js';

const SECRET = 'a webhook secret';

/** A customer and a provider that know nothing of the sandbox: what they are, they are from the public descriptions of their interfaces. */
export class Partners {
  readonly customer: OwnServiceNow;
  readonly provider: OwnTmf621;
  readonly environment = { ...SERVICENOW_ENV, ...TMF_ENV, SANDBOX_WEBHOOK_SECRET: SECRET };

  private constructor(random: () => number) {
    this.customer = new OwnServiceNow(random);
    this.provider = new OwnTmf621(random);
  }

  static async start(random: () => number): Promise<Partners> {
    const partners = new Partners(random);
    await Promise.all([partners.customer.start(), partners.provider.start()]);
    return partners;
  }

  /** The customer's business rule calls Node-RED at that port. */
  callAt(port: number): void {
    this.customer.hook = { url: `http://127.0.0.1:${port}/switchboard/customer`, secret: SECRET };
  }

  /** The nodes of the first example, pointed at these partners: told by webhook and hub, and polled beside. */
  flow(example: FlowNode[], port: number, arrayMode: 'jsonPatch' | 'replace'): FlowNode[] {
    const endpoint = { retryDelay: '0.3', timeout: '3', maxTries: '60', settling: '4' };
    const changes: Record<string, Record<string, unknown>> = {
      'sb1-sn': { ...endpoint, baseUrl: this.customer.root },
      'sb1-tmf': { ...endpoint, baseUrl: this.provider.root, tokenUrl: `${this.provider.root}/oauth/token`, arrayMode },
      'sb1-sn-in': { webhook: true, poll: true, pollInterval: '1' },
      'sb1-tmf-in': { hub: true, poll: true, pollInterval: '1', publicUrl: `http://127.0.0.1:${port}`, renewInterval: '1' },
    };
    return example.map((node) => ({ ...node, ...changes[node.id] }));
  }

  well(): void {
    this.customer.mood.well();
    this.provider.mood.well();
  }

  async stop(): Promise<void> {
    await Promise.all([this.customer.stop(), this.provider.stop()]);
  }
}
