import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { until } from '../live/node-red.js';
import { serviceNowEndpointDefaults, tmfEndpointDefaults, tmfInDefaults } from '../nodes/defaults.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, editNode, NODE_RED, openEditor, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

const onTab = { z: 'tab', x: 200 };
const inNode = (id: string, y: number, to: string[]) => ({
  ...tmfInDefaults,
  ...{ id, type: 'switchboard-tmf621-in', ...onTab, y, name: id, endpoint: 'tmf', poll: true, hub: false, wires: [to] },
});
const outNode = (id: string, y: number) => ({
  ...{ id, type: 'switchboard-servicenow-out', ...onTab, x: 500, y, endpoint: 'sn', entityType: 'incident', wires: [[]] },
});
const FLOW = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store', type: 'switchboard-store', ...storeDefaults },
  {
    ...serviceNowEndpointDefaults,
    id: 'sn',
    type: 'switchboard-servicenow-endpoint',
    name: 'Acme',
    store: 'store',
    baseUrl: 'http://127.0.0.1:9',
  },
  {
    ...tmfEndpointDefaults,
    id: 'tmf',
    type: 'switchboard-tmf-endpoint',
    name: 'North',
    store: 'store',
    baseUrl: 'http://127.0.0.1:9',
    auth: 'none',
  },
  inNode('in-a', 100, ['out-a']),
  inNode('in-b', 200, ['link']),
  { id: 'link', type: 'link out', ...onTab, y: 250, mode: 'link', links: ['linked'], wires: [] },
  { id: 'linked', type: 'link in', ...onTab, y: 300, links: ['link'], wires: [['out-b']] },
  inNode('in-c', 350, []),
  outNode('out-a', 100),
  outNode('out-b', 200),
];

describe(`in nodes that claim the same updates in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    server = await startEditor({ flow: FLOW });
    browser = await sharedBrowser();
    ({ page, errors } = await openEditor(browser, server));
  });
  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  /** Waits until the in nodes are marked like this: those with a red triangle. */
  const marked = (...ids: string[]) =>
    until(`the marks of ${ids.join(', ') || 'none'}`, async () => {
      const valid = await page.evaluate(`['in-a', 'in-b', 'in-c'].filter((id) => !RED.nodes.node(id).valid)`);
      return JSON.stringify(valid) === JSON.stringify(ids);
    });

  it('are marked, and their dialogs say which other one it is and what to do', async () => {
    await marked('in-a', 'in-b');
    await editNode(page, 'in-a');
    const note = page.locator('#switchboard-same-updates');
    await note.waitFor();
    assert.match(
      await note.innerText(),
      /takes any new record: in-b \(.+\)\.\s+Enter a condition in one, or use one in node with a route node/,
    );
    if (process.env.SCREENSHOTS)
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/same-updates-${NODE_RED.version}.png` });
  });

  it('are not marked once one of them has a condition on new records', async () => {
    await page.locator('#node-input-newOnly').fill('category =');
    await until('the note about the expression', async () =>
      /not a valid JSONata expression/.test(await page.locator('#switchboard-same-updates').innerText()),
    );
    await page.locator('#node-input-newOnly').fill("category = 'network'");
    await until('the note to go', async () => (await page.locator('#switchboard-same-updates').innerText()) === '');
    await page.locator('#node-dialog-ok').click();
    await marked();
  });

  it('are marked when a wire makes them lead to an out node', async () => {
    await page.evaluate(`RED.nodes.addLink({ source: RED.nodes.node('in-c'), sourcePort: 0, target: RED.nodes.node('out-b') })`);
    await marked('in-b', 'in-c');
  });

  it('caused no errors in the browser', () => assert.deepEqual(errors, []));
});
