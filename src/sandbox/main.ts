import { parseArgs } from 'node:util';
import { numberOffsetByTime, startSandbox } from './sandbox.js';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '1881' }, host: { type: 'string', default: '127.0.0.1' } },
});

startSandbox({ port: Number(values.port), host: values.host, numberOffset: numberOffsetByTime() }).then(
  (sandbox) => {
    process.stdout.write(`Sandbox: ${sandbox.url}\n${JSON.stringify(sandbox.environment)}\n`);
  },
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
