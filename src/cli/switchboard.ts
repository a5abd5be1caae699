#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { numberOffsetByTime, startSandbox } from '../sandbox/sandbox.js';
import { testFixture } from './fixture-test.js';
import { print, printError, printLines } from './output.js';
import { erase, eraseText, exportAudit, verifyAudit } from './people.js';
import { run, USER_FOLDER } from './run.js';
import { commandOf, numberOf, optionsOf, timeOf, UsageError, usage } from './usage.js';

async function main(): Promise<void> {
  const { values, positionals, tokens } = parseArgs({
    allowPositionals: true,
    tokens: true,
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
  const [name, first, ...more] = positionals;
  if (values.help) return print(usage(name === undefined ? undefined : commandOf(name)));
  const command = commandOf(name);
  for (const token of tokens)
    if (token.kind === 'option' && !optionsOf(command).includes(token.name))
      throw new UsageError(`${command} has no option --${token.name}.`, command);
  const port = numberOf(values.port, 'port', command);
  const store = values.store ?? join(values['user-dir'], 'switchboard');
  const none = (given: string | undefined) => {
    if (given !== undefined) throw new UsageError(`"${given}" is too much for ${command}.`, command);
  };
  const required = (given: string | undefined, what: string): string => {
    if (given === undefined) throw new UsageError(`${command} needs ${what}.`, command);
    none(more[0]);
    return given;
  };
  switch (command) {
    case 'test':
      return printDifferences(required(first, 'a fixture file'), values.flow, values.json);
    case 'sandbox':
      none(first);
      return sandbox(port ?? 1881);
    case 'erase': {
      none(first);
      const { person, ticket, url } = values;
      if (!person && !ticket) throw new UsageError('erase needs a --person or a --ticket.', command);
      const confirm = numberOf(values.confirm, 'confirm', command);
      const place = url ? { url, token: process.env.SWITCHBOARD_TOKEN } : { store: existing(store) };
      const outcome = await erase({ place, person, ticket, confirm: values['dry-run'] ? undefined : confirm });
      print(eraseText(outcome));
      if (outcome.confirmed !== undefined) process.exitCode = 1;
      return;
    }
    case 'audit': {
      const what = required(first, 'verify or export');
      if (what === 'verify') {
        const { text, isWhole } = await verifyAudit(existing(store));
        print(text);
        process.exitCode = isWhole ? 0 : 1;
        return;
      }
      if (what !== 'export') throw new UsageError(`audit needs verify or export, not "${what}".`, command);
      const range = { from: timeOf(values.from, 'from', command), until: timeOf(values.until, 'until', command) };
      return printLines(exportAudit(existing(store), range));
    }
  }
  const flow = required(first, 'a flow file');
  const running = await run({
    flow,
    userDir: values['user-dir'],
    settings: values.settings,
    host: values.host,
    port,
    editor: values.editor,
    envFile: values['env-file'],
    drain: (numberOf(values.drain, 'drain', command) ?? 0) * 1000,
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
  throw new Error(`${store} is not the folder of a store. Name it with --store, or its user folder with --user-dir.`);
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
  const isUsage = error instanceof UsageError || String(error.code).startsWith('ERR_PARSE_ARGS');
  if (!isUsage) process.exit(1);
  print(`\n${usage(error.command)}`, () => process.exit(2));
});
