import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { seedConversations } from '../nodes/sidebar/conversation-seed.js';
import { nodeSets, nodeType } from '../package/built-set.js';
import { wrongIn } from './axe.js';
import { chromiumPath } from './browser.js';
import { CONVERSATIONS_FLOW } from './conversations-flow.js';
import { type EditorServer, editNode, NODE_RED, openEditor, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

// The built sandbox: its page is next to it in dist/.
const { startSandbox } = require(resolve('dist/src/sandbox/sandbox.js')) as typeof import('../../src/sandbox/sandbox.js');
const { placeCustomerOrder } = require(
  resolve('dist/src/sandbox/order-actions.js'),
) as typeof import('../../src/sandbox/order-actions.js');
const examples = ['1-trouble-ticket', '2-order-fan-out', '3-routing'].flatMap(
  (name) => JSON.parse(readFileSync(`examples/${name}.json`, 'utf8')) as { id: string; type: string; credentials?: unknown }[],
);
const FLOW = [
  ...examples.map(({ credentials: _, ...node }) => node),
  {
    id: 'own-mapping',
    type: 'switchboard-mapping',
    name: 'Ours',
    preset: '',
    mapping: {
      name: 'Ours',
      system: 'servicenow',
      entityType: 'incident',
      rules: [{ field: 'state', generic: 'state', values: [{ partner: '2', generic: 'inProgress' }] }],
    },
  },
];

describe(`accessibility in Node-RED ${NODE_RED.version}`, () => {
  let browser: Browser;
  before(async function () {
    if (!chromiumPath()) return this.skip();
    browser = await sharedBrowser();
  });
  after(() => closePages(browser));

  for (const theme of NODE_RED.version >= 5 ? (['light', 'dark'] as const) : (['light'] as const)) {
    describe(`dialogs (${theme})`, () => {
      let server: EditorServer;
      let page: Page;
      before(async () => {
        server = await startEditor({ flow: FLOW, safe: true });
        ({ page } = await openEditor(browser, server, theme));
      });
      after(() => server?.stop());

      for (const type of Object.keys(nodeSets).map(nodeType)) {
        it(`${type} passes the checks`, async () => {
          const node = FLOW.find((one) => one.type === type);
          if (!node) return assert.fail(`no example has a ${type}`);
          await editNode(page, node.id);
          await page.$$eval('.red-ui-tray-body details', (all) => {
            for (const fold of all) (fold as HTMLDetailsElement).open = true;
          });
          assert.deepEqual(await wrongIn(page, '.red-ui-tray-body form'), []);
          await page.locator('#node-dialog-cancel:visible, #node-config-dialog-cancel:visible').click();
          await page.waitForFunction('!document.querySelector(".red-ui-tray")');
        });
      }
    });
  }

  for (const theme of ['light', 'dark'] as const) {
    describe(`views (${theme})`, () => {
      let server: EditorServer;
      let page: Page;
      before(async () => {
        server = await startEditor({ flow: CONVERSATIONS_FLOW, prepare: seedConversations });
        page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: theme });
        await page.addInitScript((chosen) => localStorage.setItem('view-dark-theme', chosen), theme);
        await page.goto(`${server.url}switchboard/page`);
        await page.waitForSelector('.switchboard-row');
      });
      after(async () => {
        await page?.close();
        await server?.stop();
      });
      const whole = () => wrongIn(page, 'body');

      it('the message list and one message pass the checks', async () => {
        assert.deepEqual(await whole(), []);
        await page.locator('.switchboard-row').first().click();
        await page.waitForSelector('.switchboard-detail');
        assert.deepEqual(await whole(), []);
      });

      it('the conversation list and one conversation pass the checks', async () => {
        await page.getByRole('tab', { name: 'Conversations' }).click();
        await page.locator('.switchboard-conversations .switchboard-row').first().click();
        await page.waitForSelector('.switchboard-timeline');
        assert.deepEqual(await whole(), []);
      });

      for (const name of ['Endpoints', 'Unknown values', 'Log'])
        it(`${name} passes the checks`, async () => {
          await page.getByRole('tab', { name }).click();
          assert.deepEqual(await whole(), []);
        });
    });

    it(`the sandbox desks pass the checks (${theme})`, async () => {
      const sandbox = await startSandbox();
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: theme });
      try {
        const row = sandbox.servicenow.create('incident', { short_description: 'No dial tone' });
        sandbox.servicenow.comment('incident', row.sys_id, 'Any news?');
        sandbox.tmf('v4').create({ name: 'x', description: 'No dial tone', severity: 'Major', ticketType: 'incident' });
        const lines = ['Phone 15', 'SIM 5G'].map((offering) => ({ offering, quantity: '2' }));
        const { sys_id } = placeCustomerOrder(sandbox.servicenow, { short_description: 'x', lines: JSON.stringify(lines) });
        const items = ['Phone 15', 'Fee'].map((name, index) => ({ id: String(index + 1), productOffering: { name } }));
        const { id } = sandbox.orders('v4').create({ externalId: 'SWB-1/devices', productOrderItem: items });
        sandbox.servicenow.update('sn_ind_tmt_orm_order', sys_id, { correlation_display: String(id) });
        for (const hash of ['tickets', 'orders']) {
          await page.goto(`${sandbox.url}/#${hash}`);
          await page.reload();
          await page.waitForSelector('button');
          if (hash === 'orders') {
            await page.locator('tr.different').waitFor();
            await page.locator('#orders4 summary').click();
          }
          assert.deepEqual(await wrongIn(page, 'body'), [], hash);
        }
      } finally {
        await page.close();
        await sandbox.close();
      }
    });
  }
});
