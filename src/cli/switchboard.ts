#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { test } from './fixture.js';
import { run } from './run.js';

const USAGE = `switchboard run <flow.json> [options]   runs a flow file without the editor

  --user-dir <folder>   where the store and Node-RED's files are kept (default .switchboard)
  --env-file <file>     environment variables for the placeholders \${NAME} in the flows
  --settings <file>     Node-RED settings.js: adminAuth (who may sign in), https, httpAdminRoot and others
  --host <address>      address to listen on (default: uiHost of the settings file, else 127.0.0.1)
  --port <number>       port to listen on (default: uiPort of the settings file, else 1880); GET /health tells how it is
  --editor              serve the editor and the operator's pages too; beyond this machine only with adminAuth
  --drain <seconds>     time to finish what is under way when stopped (default 10)
  --log <level>         fatal, error, warn, info, debug or trace (default: the settings file's, else info)

switchboard test <fixture.json> [options]   replays an exported conversation, offline, and tells what would be sent other than it was

  --flow <file>         test the mappings of this flow file (default: the presets, and the fixture's own mappings)
  --json                tell it as JSON

  Ends with 0 when nothing is different, 1 when something is.
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'user-dir': { type: 'string', default: '.switchboard' },
      'env-file': { type: 'string' },
      settings: { type: 'string' },
      host: { type: 'string' },
      port: { type: 'string' },
      editor: { type: 'boolean', default: false },
      drain: { type: 'string', default: '10' },
      log: { type: 'string' },
      flow: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [command, flow] = positionals;
  if (command === 'test' && flow && !values.help) return tell(flow, values.flow, values.json);
  if (values.help || command !== 'run' || !flow) {
    process.stdout.write(USAGE);
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
  process.stdout.write(
    `Switchboard runs ${flow} on Node-RED ${running.version}: ${running.url} (health: ${running.url}/health)\n`,
  );
  if (running.editor) process.stdout.write(`Editor: ${running.editor} · Messages: ${running.editor}switchboard/page\n`);
  const stop = () => {
    running.stop().then(
      () => process.exit(0),
      (error) => {
        process.stderr.write(`Stopping failed: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

async function tell(fixture: string, flow: string | undefined, json: boolean): Promise<void> {
  const { messages, differences, words } = await test({ fixture, flow });
  const count = `${messages} ${messages === 1 ? 'message' : 'messages'}`;
  const text = words.length ? `${words.join('\n')}\n${count}, ${words.length} different.` : `${count}, nothing different.`;
  process.stdout.write(`${json ? JSON.stringify({ messages, differences, words }, null, 2) : text}\n`, () =>
    process.exit(words.length ? 1 : 0),
  );
}

main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
