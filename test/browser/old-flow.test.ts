import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath } from './browser.js';
import { type EditorServer, editNode, openEditor, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

type FlowNode = { id: string; type: string; [setting: string]: unknown };

const FLOW = JSON.parse(readFileSync('test/live/flow-0.1.0.json', 'utf8')) as FlowNode[];

describe('a flow file of version 0.1.0 in the editor', () => {
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];
  before(async function () {
    if (!chromiumPath()) return this.skip();
    server = await startEditor({ flow: FLOW.map(({ credentials: _, ...node }) => node), safe: true });
    browser = await sharedBrowser();
    ({ page, errors } = await openEditor(browser, server));
  });
  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  it('is valid as it is, and nothing asks for a deploy', async () => {
    const ids = FLOW.filter(({ type }) => type.startsWith('switchboard-')).map(({ id }) => id);
    const invalid = await page.evaluate(
      `${JSON.stringify(ids)}.map((id) => RED.nodes.node(id)).filter((node) => node.valid === false).map((node) => node.id)`,
    );
    assert.deepEqual(invalid, []);
    assert.equal(await page.evaluate('RED.nodes.dirty()'), false);
  });

  it('every dialog opens and closes without changing anything', async () => {
    for (const { id, type } of FLOW.filter((node) => node.type.startsWith('switchboard-'))) {
      await editNode(page, id);
      await page.locator('#node-dialog-ok:visible, #node-config-dialog-ok:visible').click();
      await page.waitForSelector('.red-ui-tray', { state: 'detached' });
      assert.equal(await page.evaluate('RED.nodes.dirty()'), false, type);
    }
    assert.deepEqual(errors, []);
  });

  it('an endpoint shows what it has been doing: TMF621, and whole lists', async () => {
    await editNode(page, 'sb1-tmf');
    const value = (name: string) => page.locator(`#node-config-input-${name}`).inputValue();
    assert.deepEqual([await value('api'), await value('arrayMode')], ['tmf621', 'replace']);
    await page.locator('#node-config-dialog-cancel:visible').click();
  });

  it('a store shows for how long it keeps its log, though nobody has set it', async () => {
    await editNode(page, FLOW.find(({ type }) => type === 'switchboard-store')!.id);
    const months = page.locator('#node-config-input-auditMonths');
    assert.equal(await months.inputValue(), '24');
    await page.locator('#node-config-dialog-cancel:visible').click();
  });
});
