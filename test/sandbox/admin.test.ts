import assert from 'node:assert/strict';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { rawRequest } from '../http/raw-request.js';

describe("the sandbox's desks", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox?.close());

  const JSON_TYPE = { 'Content-Type': 'application/json' };
  const create = async (headers: Record<string, string>) => {
    const { status } = await rawRequest(
      `${sandbox.url}/_sandbox/servicenow/create`,
      'POST',
      headers,
      '{"short_description":"x"}',
    );
    return { status, tickets: sandbox.servicenow.rows('incident').length };
  };

  it('can be used by programs and their own page', async () => {
    assert.deepEqual(await create(JSON_TYPE), { status: 200, tickets: 1 });
    assert.deepEqual(await create({ ...JSON_TYPE, 'Sec-Fetch-Site': 'same-origin', Origin: sandbox.url }), {
      status: 200,
      tickets: 2,
    });
    sandbox.reset();
  });

  it('cannot be used or read by another site’s page', async () => {
    const foreign: Record<string, string>[] = [
      { ...JSON_TYPE, 'Sec-Fetch-Site': 'cross-site', Origin: 'http://evil.example' },
      { ...JSON_TYPE, Host: 'evil.example', 'Sec-Fetch-Site': 'same-origin' },
      { 'Content-Type': 'text/plain' },
    ];
    for (const headers of foreign) assert.deepEqual(await create(headers), { status: 403, tickets: 0 });
    for (const path of ['state', 'events'])
      assert.equal((await rawRequest(`${sandbox.url}/_sandbox/${path}`, 'GET', foreign[0])).status, 403, path);
  });

  it('have a page that cannot be framed', async () => {
    const { headers } = await rawRequest(`${sandbox.url}/page.css`, 'GET');
    assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });
});
