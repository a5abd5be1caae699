import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { serviceNowEndpointDefaults } from '../nodes/defaults.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, editNode, NODE_RED, openEditor, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

const FLOW = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults },
  {
    id: 'sn1',
    type: 'switchboard-servicenow-endpoint',
    ...serviceNowEndpointDefaults,
    name: 'Acme',
    store: 'store1',
    baseUrl: 'http://127.0.0.1:9',
  },
];

describe(`Test connection in Node-RED ${NODE_RED.version}`, () => {
  let partner: Server;
  let signedInAs: Set<string>;
  let server: EditorServer;
  let browser: Browser;
  let page: Page;

  before(async function () {
    if (!chromiumPath()) return this.skip();
    signedInAs = new Set();
    partner = createServer((req, res) => {
      signedInAs.add(Buffer.from(req.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString());
      res.writeHead(401, { 'Content-Type': 'application/json' });
      res.end(
        JSON.stringify({ error: { message: 'User is not authenticated', detail: 'Required to provide Auth information' } }),
      );
    });
    await new Promise<void>((listening) => partner.listen(0, '127.0.0.1', listening));
    server = await startEditor({ flow: FLOW });
    browser = await sharedBrowser();
    ({ page } = await openEditor(browser, server));
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
    partner?.close();
  });

  const test = async () => {
    await page.click('.switchboard-test');
    await page.waitForSelector('.switchboard-test:not(:disabled)');
    return (await page.locator('.switchboard-checks').innerText()).replace(/\s+/g, ' ');
  };

  it('tests the URL in the dialog with the username and password in the dialog', async () => {
    await editNode(page, 'sn1');
    await page.fill('#node-config-input-baseUrl', `http://127.0.0.1:${(partner.address() as AddressInfo).port}`);
    await page.fill('#node-config-input-user', 'me');
    await page.fill('#node-config-input-password', 'secret one');
    const checks = await test();
    assert.deepEqual([...signedInAs], ['me:secret one']);
    assert.ok((await page.locator('.switchboard-checks .fa-times-circle').count()) > 0, checks);
    assert.match(checks, /401|sign|credential|user/i);
    assert.ok(!checks.includes('secret one'));
  });

  it('uses the deployed password if none was entered', async () => {
    await page.locator('#node-config-dialog-ok:visible').click();
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    await page.click('#red-ui-header-button-deploy');
    await page.waitForFunction('!RED.nodes.dirty()');
    signedInAs.clear();
    await editNode(page, 'sn1');
    assert.equal(await page.inputValue('#node-config-input-password'), '__PWRD__');
    await page.fill('#node-config-input-user', 'someone');
    await test();
    assert.deepEqual([...signedInAs], ['someone:secret one']);
  });

  it('does not send the deployed password to another URL, and says what to do', async () => {
    signedInAs.clear();
    const saved = await page.inputValue('#node-config-input-baseUrl');
    await page.fill('#node-config-input-baseUrl', saved.replace('127.0.0.1', 'localhost'));
    const checks = await test();
    assert.deepEqual([...signedInAs], []);
    assert.match(
      checks,
      /These saved credentials are only valid for http:\/\/127\.0\.0\.1:\d+: password\. Enter them again to use them with this address\./,
    );
    await page.fill('#node-config-input-password', 'secret two');
    await test();
    assert.deepEqual([...signedInAs], ['someone:secret two']);
  });
});
