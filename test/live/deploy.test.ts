import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { troubleTicketFlow } from './flows.js';
import { freePort, type Live, startNodeRed, until } from './node-red.js';

/** At least so many of each. */
const TICKETS = 200;
const DEPLOYS = 3;

describe('repeated deploys under load', () => {
  let folder: string;
  let sandbox: Sandbox;
  let live: Live;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-deploy-'));
    sandbox = await startSandbox();
    const port = await freePort();
    const flow = troubleTicketFlow(sandbox, {
      version: 'v4',
      customer: 'webhook',
      provider: 'hub',
      publicUrl: `http://127.0.0.1:${port}`,
    });
    live = await startNodeRed({ folder, port, flow, env: sandbox.environment, editor: true, logLevel: 'error' });
    // The sender tries again when it is told to come later, as a retry policy at the customer would.
    sandbox.servicenow.webhook = {
      url: `${live.url}/switchboard/customer`,
      secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET!,
      retries: 50,
    };
    await until('the hub registration', () => sandbox.tmf('v4').hubs().length === 1);
  });
  after(async () => {
    await live?.stop();
    await sandbox?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lose and duplicate no ticket or comment, and keep one subscription at the hub', async () => {
    const desk = sandbox.servicenow;
    const provider = sandbox.tmf('v4');
    const ids: string[] = [];
    let deploys = 0;
    const writing = () => ids.length < TICKETS || deploys < DEPLOYS;
    const deploying = (async () => {
      while (writing()) {
        const headers = {
          'Content-Type': 'application/json',
          'Node-RED-API-Version': 'v2',
          'Node-RED-Deployment-Type': deploys % 2 ? 'full' : 'reload',
        };
        const flows = await (await fetch(`${live.url}/flows`, { headers })).json();
        const answer = await fetch(`${live.url}/flows`, { method: 'POST', headers, body: JSON.stringify(flows) });
        assert.equal(answer.status, 200, await answer.text());
        deploys++;
      }
    })();
    // What a sender is told meanwhile: who is told 404 gives up, a hub even ends the subscription.
    const told = new Set<number>();
    const asking = (async () => {
      while (writing()) {
        const answer = await fetch(`${live.url}/switchboard/customer`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'x-switchboard-secret': 'wrong' },
          body: '{}',
        });
        told.add(answer.status);
      }
    })();
    for (let i = 0; writing(); i++) {
      const row = desk.create('incident', { short_description: `Ticket ${i}`, description: 'x' });
      ids.push(row.sys_id);
      desk.comment('incident', row.sys_id, `first of ${i}`);
      desk.comment('incident', row.sys_id, `second of ${i}`);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await deploying;
    await asking;
    assert.deepEqual(
      // 429: it tries a wrong secret very often.
      [...told].filter((status) => ![401, 429, 503].includes(status)),
      [],
    );
    const complete = () => provider.tickets().filter((t) => ((t.note ?? []) as unknown[]).length >= 2).length;
    await until('all tickets with their comments', () => complete() >= ids.length).catch((error) => {
      throw new Error(`${error.message}: ${complete()} of ${ids.length}\n${live.output().slice(-3000)}`);
    });
    const names = provider.tickets().map((t) => t.name);
    assert.equal(new Set(names).size, ids.length);
    assert.equal(names.length, ids.length, 'no duplicate');
    for (const ticket of provider.tickets()) {
      const number = String(ticket.name).replace('Ticket ', '');
      assert.deepEqual(
        (ticket.note as { text: string }[]).map((n) => n.text),
        [`first of ${number}`, `second of ${number}`],
      );
    }
    assert.equal(provider.hubs().length, 1);
    console.log(`      ${deploys} deploys`);
  });
});
