#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { numberOffsetByTime, startSandbox } from '../sandbox/sandbox.js';
import { testFixture } from './fixture-test.js';
import { print, printError, printLines } from './output.js';
import { erase, eraseText, exportAudit, verifyAudit } from './people.js';
import { run, USER_FOLDER } from './run.js';

const USAGE = `switchboard run <flow.json> [options]   run a flow file without the editor

  --user-dir <folder>   folder for the store and Node-RED's files (default .switchboard)
  --env-file <file>     environment variables for the placeholders \${NAME} in the flows
  --settings <file>     Node-RED settings.js with adminAuth, https, httpAdminRoot and other settings
  --host <address>      address to listen on (default: uiHost in the settings file, otherwise 127.0.0.1)
  --port <number>       port to listen on (default: uiPort in the settings file, otherwise 1880); GET /health returns the status
  --editor              also serve the editor and the operator pages; for other machines only with adminAuth
  --drain <seconds>     time to finish work in progress when stopping (default 10)
  --log <level>         fatal, error, warn, info, debug or trace (default: as in the settings file, otherwise info)

switchboard test <fixture.json> [options]   replay an exported conversation offline and report differences in what would be sent

  --flow <file>         test the mappings of this flow file (default: the presets, and the mappings in the fixture)
  --json                print the result as JSON

  Exit code: 0 if there are no differences, otherwise 1.

switchboard erase --person <text> | --ticket <number>   erase all tickets of a person, or one ticket, for good

  --person <text>       name, e-mail address or telephone number as in the tickets; may be repeated
  --ticket <number>     number or id at any party; may be repeated
  --confirm <count>     erase; the number of tickets must be the one that the same command says without it
  --dry-run             only say what would be erased, as without --confirm
  --store <folder>      the folder of a store that no process uses (default: switchboard in the user folder)
  --url <address>       ask a running Switchboard instead, at the address of its editor; its user's access token is in SWITCHBOARD_TOKEN

switchboard audit verify [--store <folder>]   check that nothing in the audit trail was changed or taken out
switchboard audit export [--store <folder>] [--from <time>] [--until <time>]   print the audit trail as lines of JSON

switchboard sandbox [--port <number>]   start simulated partner systems on 127.0.0.1, for trials and tests (default port 1881)`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'user-dir': { type: 'string', default: USER_FOLDER },
      'env-file': { type: 'string' },
      settings: { type: 'string' },
      host: { type: 'string' },
      port: { type: 'string' },
      editor: { type: 'boolean', default: false },
      drain: { type: 'string', default: '10' },
      log: { type: 'string' },
      flow: { type: 'string' },
      json: { type: 'boolean', default: false },
      person: { type: 'string', multiple: true },
      ticket: { type: 'string', multiple: true },
      confirm: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      store: { type: 'string' },
      url: { type: 'string' },
      from: { type: 'string' },
      until: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [command, flow] = positionals;
  if (command === 'test' && flow && !values.help) return printDifferences(flow, values.flow, values.json);
  if (command === 'sandbox' && !values.help && !values.host) return sandbox(Number(values.port ?? 1881));
  const store = values.store ?? join(values['user-dir'], 'switchboard');
  if (command === 'erase' && (values.person || values.ticket) && !values.help) {
    const { person, ticket, url } = values;
    const place = url ? { url, token: process.env.SWITCHBOARD_TOKEN } : { store: existing(store) };
    const confirm = values.confirm === undefined || values['dry-run'] ? undefined : Number(values.confirm);
    const outcome = await erase({ place, person, ticket, confirm });
    print(eraseText(outcome));
    if (values.confirm !== undefined && !values['dry-run'] && !outcome.erased) process.exitCode = 1;
    return;
  }
  if (command === 'audit' && flow === 'verify' && !values.help) {
    const { text, isWhole } = await verifyAudit(existing(store));
    print(text);
    process.exitCode = isWhole ? 0 : 1;
    return;
  }
  if (command === 'audit' && flow === 'export' && !values.help) {
    const range = { from: timeOf(values.from, 'from'), until: timeOf(values.until, 'until') };
    await printLines(exportAudit(existing(store), range));
    return;
  }
  if (values.help || command !== 'run' || !flow) {
    print(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const running = await run({
    flow,
    userDir: values['user-dir'],
    settings: values.settings,
    host: values.host,
    port: values.port === undefined ? undefined : Number(values.port),
    editor: values.editor,
    envFile: values['env-file'],
    drain: Number(values.drain) * 1000,
    logLevel: values.log,
  });
  const stop = () => {
    running.stop().then(
      () => process.exit(0),
      (error) => {
        printError(`Error while stopping: ${String(error)}`);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await running.opened;
  print(`Switchboard runs ${flow} on Node-RED ${running.version}: ${running.url} (health: ${running.url}/health)`);
  if (running.editor) print(`Editor: ${running.editor} · Messages: ${running.editor}switchboard/page`);
}

/** Prints the address and, as in a file for --env-file, the sign-in data that the example flows ask for; then an empty line. */
async function sandbox(port: number): Promise<void> {
  const { url, environment } = await startSandbox({ port, numberOffset: numberOffsetByTime() });
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  print([`Sandbox with simulated partner systems, for trials and tests only: ${url}`, ...variables, ''].join('\n'));
}

/** The folder of a store: an empty one must not be created by looking for something in it. */
function existing(store: string): string {
  if (existsSync(join(store, 'journal'))) return store;
  throw new Error(`${store} is not the folder of a store. Name it with --store.`);
}

function timeOf(text: string | undefined, option: string): string | undefined {
  if (text === undefined) return undefined;
  if (!Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  throw new Error(`--${option}: "${text}" is not a time. Write it as 2026-11-30 or 2026-11-30T12:00:00Z.`);
}

async function printDifferences(fixture: string, flow: string | undefined, json: boolean): Promise<void> {
  const { messages, differences, words } = await testFixture({ fixture, flow });
  const count = `${messages} ${messages === 1 ? 'message' : 'messages'}`;
  const text = words.length
    ? `${words.join('\n')}\n${count}, ${words.length} ${words.length === 1 ? 'difference' : 'differences'}.`
    : `${count}, no differences.`;
  print(json ? JSON.stringify({ messages, differences, words }, null, 2) : text, () => process.exit(words.length ? 1 : 0));
}

main().catch((error) => {
  printError(error);
  process.exit(1);
});
