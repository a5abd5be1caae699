import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { statusPrinters, troubleTicketFlow } from './flows.js';
import { freePort, until } from './node-red.js';
import { command, type Run } from './product.js';

/** What keeps a store from being opened; `begin` returns the function that ends it. */
interface Obstacle {
  what: string;
  begin(store: string, folder: string): Promise<() => Promise<void>> | (() => void);
  reason: RegExp;
  status: RegExp;
  preload?: string;
}

const OBSTACLES: Obstacle[] = [
  {
    what: 'another process has its lock',
    async begin(folder) {
      const other = new LowdbStore({ folder });
      await other.open();
      return () => other.close();
    },
    reason: new RegExp(`is in use by process ${process.pid}`),
    status: /^store in use by another process, next attempt /,
  },
  {
    what: 'its folder cannot be written',
    begin(folder) {
      chmodSync(folder, 0o555);
      return () => chmodSync(folder, 0o777);
    },
    reason: /cannot be opened: EACCES.* Give the user of this process read and write permissions/,
    status: /^store: no write permission, next attempt /,
    preload: 'as-nobody.cjs',
  },
  {
    what: 'its disk is full',
    begin(_store, folder) {
      writeFileSync(join(folder, 'full'), '');
      return () => unlinkSync(join(folder, 'full'));
    },
    reason: /cannot be opened: ENOSPC.* Free space on the disk\./,
    status: /^store: disk full, next attempt /,
    preload: 'full-disk.cjs',
  },
];

const STATUS = statusPrinters(['sb1-tmf-out', 'sb1-sn-in', 'sb1-tmf-in']);

describe('a store that opens later', () => {
  let sandbox: Sandbox;
  let folder: string;
  let run: Run | undefined;
  beforeEach(async () => {
    sandbox = await startSandbox();
    folder = mkdtempSync(join(tmpdir(), 'switchboard-later-'));
    chmodSync(folder, 0o777);
  });
  afterEach(async () => {
    run?.process.kill('SIGKILL');
    await run?.ended;
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { what, begin, reason, status, preload } of OBSTACLES) {
    it(`because ${what}: senders are asked to retry, the reason is shown, and everything starts once it opens`, async () => {
      const store = join(folder, 'store');
      mkdirSync(store);
      chmodSync(store, 0o777);
      const flow = troubleTicketFlow(sandbox, { version: 'v4', customer: 'webhook', provider: 'hub' }).map((node) =>
        node.type === 'switchboard-store' ? { ...node, path: store } : node,
      );
      writeFileSync(join(folder, 'flow.json'), JSON.stringify([...flow, ...STATUS]));
      const end = await begin(store, folder);
      const port = await freePort();
      const started = command(
        [
          ...(preload ? ['--require', resolve('test/live', preload)] : []),
          ...['dist/src/cli/switchboard.js', 'run', join(folder, 'flow.json'), '--user-dir', join(folder, 'user')],
          ...['--port', String(port), '--log', 'info', '--editor'],
        ],
        { ...sandbox.environment, FULL_DISK: join(folder, 'full') },
      );
      run = started;
      const url = `http://127.0.0.1:${port}`;
      const shown = (id: string) =>
        started
          .output()
          .split(`[debug:status-${id}]`)
          .slice(1)
          .map((part) => part.trim().split('\n')[0]?.trim() ?? '');
      const post = (path: string, headers: Record<string, string> = {}) =>
        fetch(`${url}/switchboard/${path}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', ...headers },
          body: JSON.stringify({ table: 'incident', sys_id: '0'.repeat(32) }),
        });

      const health = await until('the reason', async () => {
        const body = (await (await fetch(`${url}/health`)).json()) as { status: string };
        return reason.test(body.status) && body;
      });
      assert.equal((await fetch(`${url}/health`)).status, 503, health.status);
      for (const id of ['sb1-tmf-out', 'sb1-sn-in', 'sb1-tmf-in'])
        await until(`the status of ${id}`, () => shown(id).some((text) => status.test(text)));
      const webhook = await post('customer', { 'x-switchboard-secret': sandbox.environment.SANDBOX_WEBHOOK_SECRET! });
      assert.deepEqual([webhook.status, webhook.headers.get('Retry-After')], [503, '5'], await webhook.text());
      assert.equal((await post('customer')).status, 401, 'whoever does not know the secret learns nothing');
      const event = await post('tmf621/sb1-tmf-in/secret');
      assert.deepEqual([event.status, event.headers.get('Retry-After')], [503, '5'], await event.text());
      assert.equal(sandbox.tmf('v4').hubs().length, 0, 'nothing is registered');
      assert.doesNotMatch(started.output(), /Switchboard runs/);
      for (const view of ['messages', 'counts', 'conversations', 'endpoints', 'unmapped', 'audit']) {
        const answer = await fetch(`${url}/switchboard/${view}`);
        assert.ok(answer.status >= 500, view);
        assert.match(((await answer.json()) as { message: string }).message, reason);
      }

      await end();
      await until('the start line', () => /Switchboard runs .*: http:/.test(started.output()));
      assert.equal((await fetch(`${url}/health`)).status, 200);
      await until('the registration at the hub', () => sandbox.tmf('v4').hubs().length === 1);
      sandbox.servicenow.webhook = {
        url: `${url}/switchboard/customer`,
        secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET!,
      };
      sandbox.servicenow.create('incident', { short_description: 'opened later' });
      await until('the ticket', () => sandbox.tmf('v4').tickets().length === 1);
      await until('a good status', () => shown('sb1-tmf-out').at(-1) === 'connected');
      if (preload === 'full-disk.cjs') {
        const free = await begin(store, folder);
        const refused = await post('customer', { 'x-switchboard-secret': sandbox.environment.SANDBOX_WEBHOOK_SECRET! });
        assert.equal(refused.status, 503);
        const ill = await fetch(`${url}/health`);
        assert.equal(ill.status, 503);
        assert.match(((await ill.json()) as { status: string }).status, /cannot write .*ENOSPC/);
        await free();
        await until('it to be healthy without any message', async () => (await fetch(`${url}/health`)).status === 200);
      }
      started.process.kill('SIGTERM');
      assert.equal(await started.ended, '0', started.output());
    });
  }
});
