import type { FlowNode } from '../live/node-red.js';
import { FakeServiceNow, SERVICENOW_ENV } from './fake-servicenow.js';
import { FakeTmf621, TMF_ENV } from './fake-tmf621.js';

const SECRET = 'a webhook secret';

/** A customer and a provider that are independent of the sandbox: implemented from the public API documentation. */
export class Partners {
  readonly customer: FakeServiceNow;
  readonly provider: FakeTmf621;
  readonly environment = { ...SERVICENOW_ENV, ...TMF_ENV, SANDBOX_WEBHOOK_SECRET: SECRET };

  private constructor(random: () => number) {
    this.customer = new FakeServiceNow(random);
    this.provider = new FakeTmf621(random);
  }

  static async start(random: () => number): Promise<Partners> {
    const partners = new Partners(random);
    await Promise.all([partners.customer.start(), partners.provider.start()]);
    return partners;
  }

  /** Enables the customer's business rule, which posts to Node-RED at this port. */
  enableWebhook(port: number): void {
    this.customer.hook = { url: `http://127.0.0.1:${port}/switchboard/customer`, secret: SECRET };
  }

  /** The nodes of the first example, connected to these partners by webhook, hub and polling. */
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

  reset(): void {
    this.customer.behaviours.reset();
    this.provider.behaviours.reset();
  }

  async stop(): Promise<void> {
    await Promise.all([this.customer.stop(), this.provider.stop()]);
  }
}
