import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

describe('HTTP', () => {
  for (const module of ['http-client', 'received-body'])
    it(`leaves the transport of the process’s own fetch alone: ${module}`, () => {
      const script = `
      require('./src/http/${module}.ts');
      const server = require('node:http').createServer((_req, res) => res.end('ok')).listen(0, '127.0.0.1', async () => {
        const answer = await fetch('http://127.0.0.1:' + server.address().port);
        // Not before the fetch: importing undici is what takes it over.
        const { Agent, getGlobalDispatcher } = require('undici');
        console.log(await answer.text(), getGlobalDispatcher() instanceof Agent);
        process.exit();
      });`;
      const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '-e', script], { encoding: 'utf8' });
      assert.equal(stdout.trim(), 'ok false', stderr);
    });
});
