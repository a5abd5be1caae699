#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { run } from './run.js';

const USAGE = `switchboard run <flow.json> [options]   runs a flow file without the editor

  --user-dir <folder>   where the store and Node-RED's files are kept (default .switchboard)
  --env-file <file>     environment variables for the placeholders \${NAME} in the flows
  --host <address>      address to listen on (default 127.0.0.1)
  --port <number>       port to listen on (default 1880); GET /health tells how it is
  --editor              serve the editor too
  --drain <seconds>     time to finish what is under way when stopped (default 10)
  --log <level>         fatal, error, warn, info, debug or trace (default info)
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'user-dir': { type: 'string', default: '.switchboard' },
      'env-file': { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '1880' },
      editor: { type: 'boolean', default: false },
      drain: { type: 'string', default: '10' },
      log: { type: 'string', default: 'info' },
      help: { type: 'boolean', default: false },
    },
  });
  const [command, flow] = positionals;
  if (values.help || command !== 'run' || !flow) {
    process.stdout.write(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const running = await run({
    flow,
    userDir: values['user-dir'],
    host: values.host,
    port: Number(values.port),
    editor: values.editor,
    envFile: values['env-file'],
    drain: Number(values.drain) * 1000,
    logLevel: values.log,
  });
  process.stdout.write(
    `Switchboard runs ${flow} on Node-RED ${running.version}: ${running.url} (health: ${running.url}/health)\n`,
  );
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

main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
