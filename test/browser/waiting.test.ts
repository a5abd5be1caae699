import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { seedStore } from '../nodes/sidebar/seed.js';
import { WAITING } from '../nodes/sidebar/waiting-seed.js';
import { wrongIn } from './axe.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, NODE_RED, openEditor, startEditor } from './editor.js';
import { MESSAGES_FLOW, openMessages } from './messages-flow.js';
import { closePages, sharedBrowser } from './shared-browser.js';

describe(`what waits, in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    server = await startEditor({ flow: MESSAGES_FLOW, prepare: (folder) => seedStore(folder, WAITING) });
    browser = await sharedBrowser();
    ({ page, errors } = await openEditor(browser, server));
    await openMessages(page);
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  const bar = () => page.locator('.switchboard-waits');
  const reason = (name: string) => bar().locator('.switchboard-filter', { hasText: name });
  const row = (number: string) => page.locator('.switchboard-row', { hasText: number });
  const rows = () => page.locator('.switchboard-row b').allTextContents();

  it('is counted by reason above the list, once the list shows what waits', async () => {
    assert.equal(await bar().isVisible(), false);
    await page.locator('.switchboard-filters .switchboard-filter', { hasText: 'Waiting' }).click();
    await reason('Unavailable').waitFor();
    await bar().getByText('Ticket not created2').waitFor();
    await bar().getByText('Other leg1').waitFor();
    await bar().getByText('Endpoint missing1').waitFor();
    await bar().getByText('In node missing1').waitFor();
    assert.deepEqual(await wrongIn(page, '.switchboard-view'), []);
    const wide = await bar().evaluate((one) => one.scrollWidth > one.clientWidth + 1);
    assert.equal(wide, false, 'the reasons fit the sidebar');
  });

  it('says in each row why and since when', async () => {
    const text = async (number: string) => ((await row(number).textContent()) ?? '').replace(/\s+/g, ' ');
    assert.match(await text('INC0010027'), /Waiting for the ticket: creating it failed\. Since .*\d/);
    assert.match(await text('INC0010028'), /Waiting for devices: Completed\. Since/);
    assert.match(await text('INC0010029'), /Waiting: North Telecom is unavailable\. Since .*\d.* · Next attempt .*\d/);
    assert.match(await text('INC00100211'), /its endpoint is not in the flows/);
    assert.match(await text('INC00100212'), /its in node is not in the flows/);
  });

  it('is narrowed to one reason by a click, and not any more by another one', async () => {
    await reason('Ticket not created').click();
    await page.waitForFunction(() => document.querySelectorAll('.switchboard-row').length === 2);
    assert.deepEqual((await rows()).sort(), ['INC00100213', 'INC0010027']);
    await bar().locator('[aria-pressed=true]', { hasText: 'Ticket not created' }).waitFor();
    await reason('Ticket not created').click();
    await page.waitForFunction(() => document.querySelectorAll('.switchboard-row').length > 4);
  });

  it('says in the message what it waits for, and opens it', async () => {
    await row('INC00100213').click();
    const wait = page.locator('.switchboard-detail .switchboard-wait').first();
    assert.match((await wait.innerText()).replace(/\s+/g, ' '), /creating it failed\. Show INC0010027 Since/);
    await wait.getByText('Show INC0010027').click();
    await page.locator('.switchboard-detail', { hasText: 'refused it (400)' }).waitFor();
    await page.keyboard.press('Escape');
    await row('INC0010029').click();
    const down = page.locator('.switchboard-detail .switchboard-wait', { hasText: 'is unavailable' }).first();
    assert.match((await down.innerText()).replace(/\s+/g, ' '), /Since .*\d/);
    assert.deepEqual(await wrongIn(page, '.switchboard-detail'), []);
    await page.keyboard.press('Escape');
  });

  it('says so in the conversation, too', async () => {
    await page.getByRole('tab', { name: 'Conversations' }).click();
    await page.locator('.switchboard-conversations .switchboard-row', { hasText: 'A create that was refused' }).click();
    const entry = page.locator('.switchboard-swim-row', { hasText: 'creating it failed' }).first();
    assert.match((await entry.innerText()).replace(/\s+/g, ' '), /creating it failed\. Since .* Show INC0010027/);
    await entry.getByText('Show INC0010027').click();
    await page.locator('.switchboard-conversations .switchboard-detail', { hasText: 'refused it (400)' }).waitFor();
  });

  it('shows on the endpoint since when it is down, and its last error', async () => {
    await page.getByRole('tab', { name: 'Endpoints' }).click();
    const card = page.locator('.switchboard-card[data-endpoint="tmf1"]');
    await card.getByText('Unavailable since').waitFor();
    assert.match(await card.innerText(), /Last error, .*\d.*connection was refused/s);
    assert.deepEqual(errors, []);
  });
});
