import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { PATIENCE } from '../patience.js';
import { troubleTicketFlow } from './flows.js';
import { freePort, until } from './node-red.js';
import { command, type Run, startProduct } from './product.js';

const CLI = 'dist/src/cli/switchboard.js';

describe('switchboard run', () => {
  let folder: string;
  let sandbox: Sandbox;
  const runs: Run[] = [];
  const run = (args: string[], env: Record<string, string | undefined> = {}) => {
    const started = command([CLI, 'run', ...args], env);
    runs.push(started);
    return started;
  };
  const ready = async (started: Run) => {
    const url = await until('the address', () => /: (http:\S+) \(health/.exec(started.output())?.[1]);
    return url;
  };
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-cli-'));
    sandbox = await startSandbox();
    const flow = troubleTicketFlow(sandbox, { version: 'v4', customer: 'webhook', provider: 'hub' });
    writeFileSync(join(folder, 'flow.json'), JSON.stringify(flow));
    writeFileSync(
      join(folder, 'secrets.env'),
      Object.entries(sandbox.environment)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
  });
  afterEach(async () => {
    for (const { process: child, ended } of runs.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
  });
  after(async () => {
    await sandbox?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const flow = () => join(folder, 'flow.json');
  const common = (user: string) => [
    '--port',
    '0',
    '--user-dir',
    join(folder, user),
    '--log',
    'warn',
    '--drain',
    String(PATIENCE / 1_000),
  ];

  it('reads secrets from an environment file, reports its health, and stops cleanly', async () => {
    const started = run([flow(), '--env-file', join(folder, 'secrets.env'), ...common('a')]);
    const url = await ready(started);
    await until('the hub registration', () => sandbox.tmf('v4').hubs().length === 1);
    sandbox.servicenow.webhook = { url: `${url}/switchboard/customer`, secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET! };
    sandbox.servicenow.create('incident', { short_description: 'headless' });
    await until('the ticket', () => sandbox.tmf('v4').tickets().length === 1);
    const health = await fetch(`${url}/health`);
    assert.equal(health.status, 200);
    assert.equal(((await health.json()) as { status: string }).status, 'ok');
    assert.equal((await fetch(`${url}/flows`)).status, 404, 'no editor, no admin API');
    started.process.kill('SIGTERM');
    assert.equal(await started.ended, '0', started.output());
    for (const file of readdirSync(join(folder, 'a'))) {
      if (!file.endsWith('.json')) continue;
      const text = readFileSync(join(folder, 'a', file), 'utf8');
      for (const [name, secret] of Object.entries(sandbox.environment))
        if (/SECRET|PASSWORD/.test(name)) assert.ok(!text.includes(secret), `${name} in ${file}`);
    }
  });

  it('is not healthy before it accepts messages', async () => {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    run([flow(), '--env-file', join(folder, 'secrets.env'), ...common('soon'), '--port', port]);
    const post = () => fetch(`${url}/switchboard/customer`, { method: 'POST' });
    await until('it to listen', async () => [200, 503].includes((await fetch(`${url}/health`)).status));
    for (let status = 503; status === 503; await pause(1)) {
      ({ status } = await fetch(`${url}/health`));
      if (status === 200) assert.equal((await post()).status, 401, 'it asks for the secret');
    }
  });

  it('finishes work in progress before it stops', async () => {
    const started = run([flow(), '--env-file', join(folder, 'secrets.env'), ...common('drain')]);
    const url = await ready(started);
    sandbox.servicenow.webhook = { url: `${url}/switchboard/customer`, secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET! };
    const before = sandbox.tmf('v4').tickets().length;
    sandbox.tmf('v4').faults.add({ method: 'POST', path: '/troubleTicket', kind: 'slow', delay: 500, times: 1 });
    const posts = () => sandbox.tmf('v4').requests.filter((r) => r.method === 'POST' && r.path.endsWith('/troubleTicket')).length;
    const reads = sandbox.servicenow.requests.length;
    sandbox.servicenow.create('incident', { short_description: 'on its way' });
    await until('the message to be read', () => sandbox.servicenow.requests.length > reads);
    await until('the create to begin', async () => {
      const { stores } = (await (await fetch(`${url}/health`)).json()) as { stores: { deliveries: { sending: number } }[] };
      return stores[0]?.deliveries.sending === 1 || posts() > before;
    });
    started.process.kill('SIGTERM');
    assert.equal(await started.ended, '0', started.output());
    assert.equal(sandbox.tmf('v4').tickets().length, before + 1);
    const again = run([flow(), '--env-file', join(folder, 'secrets.env'), ...common('drain')]);
    const address = await ready(again);
    await until('the create to be on record', async () => {
      const { stores } = (await (await fetch(`${address}/health`)).json()) as { stores: { deliveries: { delivered: number } }[] };
      return (stores[0]?.deliveries.delivered ?? 0) >= 1;
    });
    assert.equal(sandbox.tmf('v4').tickets().length, before + 1, 'and is not made again');
  });

  it('lists the variables that are not set', async () => {
    const empty = Object.fromEntries(Object.keys(sandbox.environment).map((name) => [name, undefined]));
    const started = run([flow(), ...common('b')], empty);
    await until('the warning', () => /used in the flows but not set: .*SANDBOX_TMF_CLIENT_SECRET/.test(started.output()));
  });

  it('rejects a secret in plain text in the flow file', async () => {
    const nodes = JSON.parse(readFileSync(flow(), 'utf8')) as { id: string; credentials?: object }[];
    const path = join(folder, 'literal.json');
    writeFileSync(
      path,
      JSON.stringify(nodes.map((n) => (n.id === 'sb1-tmf' ? { ...n, credentials: { clientSecret: 'oops' } } : n))),
    );
    const started = run([path, ...common('c')]);
    assert.equal(await started.ended, '1');
    assert.match(started.output(), /The clientSecret of the node Provider \(TMF621\) is in plain text in the flow file/);
    assert.ok(!started.output().includes('oops'));
  });

  it('reports an invalid or missing flow file', async () => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, '[{');
    const broken = run([path, ...common('d')]);
    assert.equal(await broken.ended, '1');
    assert.match(broken.output(), /broken\.json: The flow file is not valid JSON/);
    const missing = run([join(folder, 'nonesuch.json'), ...common('d')]);
    assert.equal(await missing.ended, '1');
    assert.match(missing.output(), /nonesuch\.json/);
  });

  it('does not run flows whose nodes are not installed', async () => {
    const path = join(folder, 'unknown.json');
    writeFileSync(
      path,
      JSON.stringify([
        { id: 't', type: 'tab' },
        { id: 'n', type: 'nonesuch', z: 't', wires: [] },
      ]),
    );
    const started = run([path, ...common('e')]);
    assert.equal(await started.ended, '1');
    assert.match(started.output(), /The flows cannot start \(missing-types: nonesuch\)/);
  });

  it('names the process that has its store, and opens it when that process ends', async () => {
    const first = run([flow(), '--env-file', join(folder, 'secrets.env'), ...common('f')]);
    await ready(first);
    const port = String(await freePort());
    const second = run([flow(), '--env-file', join(folder, 'secrets.env'), ...common('f'), '--port', port]);
    await until('the refusal', () => second.output().includes(`process ${first.process.pid}`));
    const url = `http://127.0.0.1:${port}`;
    const refused = await fetch(`${url}/health`);
    assert.equal(refused.status, 503);
    const { status, stores } = (await refused.json()) as { status: string; stores: { open: boolean; retryAt: string }[] };
    assert.match(status, new RegExp(`in use by process ${first.process.pid}`));
    assert.equal(stores[0]?.open, false);
    assert.ok(Date.parse(stores[0]?.retryAt ?? '') > Date.now() - 1_000);
    assert.doesNotMatch(second.output(), /Switchboard runs/);
    first.process.kill('SIGTERM');
    await first.ended;
    assert.equal(await ready(second), url);
    assert.equal((await fetch(`${url}/health`)).status, 200);
  });

  it('starts with a journal that has a torn tail, and keeps the removed part', async () => {
    const env = ['--env-file', join(folder, 'secrets.env')];
    const first = run([flow(), ...env, ...common('a')]);
    await ready(first);
    first.process.kill('SIGKILL');
    await first.ended;
    const store = readdirSync(join(folder, 'a'), { recursive: true }) as string[];
    const segment = store
      .filter((f) => /journal[/\\]\d+\.log$/.test(f))
      .sort()
      .at(-1);
    assert.ok(segment);
    appendFileSync(join(folder, 'a', segment), '00000000 000000ff 00000000 {"seq":99,"chan');
    const second = run([flow(), ...env, ...common('a')]);
    const url = await ready(second);
    await until('the store to be open', async () => (await fetch(`${url}/health`)).status === 200);
    const kept = (readdirSync(join(folder, 'a'), { recursive: true }) as string[]).filter((f) => /quarantine[/\\]./.test(f));
    assert.equal(kept.length, 1);
  });

  it('prints its help', async () => {
    const help = command([CLI, '--help']);
    assert.equal(await help.ended, '0');
    assert.match(help.output(), /switchboard run <flow.json>/);
    const one = command([CLI, 'audit', '--help']);
    assert.equal(await one.ended, '0');
    assert.match(one.output(), /^switchboard audit verify/);
    for (const [args, says] of [
      [['walk'], /^"walk" is not a command\.\n\nswitchboard run/],
      [['erase'], /^erase needs a --person or a --ticket\.\n\nswitchboard erase/],
      [['sandbox', '--port', 'abc'], /^--port: "abc" is not a number\.\n\nswitchboard sandbox/],
      [['test', 'x.json', '--host', 'y'], /^test has no option --host\.\n\nswitchboard test/],
      [['run', 'x.json', '--prot', '1'], /^Unknown option '--prot'/],
    ] as const) {
      const wrong = command([CLI, ...args]);
      assert.equal(await wrong.ended, '2');
      assert.match(await until('all of it', () => /switchboard [\s\S]*default/.test(wrong.output()) && wrong.output()), says);
    }
  });
});

describe('switchboard sandbox', () => {
  it('starts simulated partners on loopback, and says that they are', async () => {
    const sandbox = command([CLI, 'sandbox', '--port', '0']);
    try {
      const url = await until('the address', () => /simulated partner systems.*: (http:\S+)\n/.exec(sandbox.output())?.[1]);
      assert.equal(new URL(url).hostname, '127.0.0.1');
      const answer = await fetch(`${url}/servicenow/api/now/table/incident`);
      assert.deepEqual([answer.status, answer.headers.get('x-sandbox')], [401, 'Switchboard: simulated partner systems']);
      assert.match(await (await fetch(url)).text(), /nothing here is real/);
      const host = command([CLI, 'sandbox', '--port', '0', '--host', '0.0.0.0']);
      assert.equal(await host.ended, '2');
    } finally {
      sandbox.process.kill();
      await sandbox.ended;
    }
  });
});

describe('npm start', () => {
  it('starts both desks and Node-RED; a ticket opened at the customer appears at the provider', async () => {
    const product = await startProduct();
    try {
      const desk = `${product.desks}/_sandbox`;
      for (const address of [product.desks, product.url, `${product.url}/switchboard/page`])
        assert.equal((await fetch(address)).status, 200, address);
      const title = 'No dial tone';
      await fetch(`${desk}/servicenow/create`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ short_description: title }),
      });
      await until(
        'the ticket at the provider',
        async () => (await (await fetch(`${desk}/state`)).text()).split(`"${title}"`).length > 2,
      );
      product.process.kill('SIGTERM');
      assert.equal(await product.ended, '0', product.output());
    } finally {
      await product.remove();
    }
  });
});
