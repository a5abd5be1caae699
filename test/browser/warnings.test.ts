import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { seedStore } from '../nodes/sidebar/seed.js';
import { WARNINGS } from '../nodes/sidebar/warning-seed.js';
import { wrongIn } from './axe.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, NODE_RED, openEditor, startEditor } from './editor.js';
import { counts, MESSAGES_FLOW, openMessages, shows } from './messages-flow.js';
import { closePages, sharedBrowser } from './shared-browser.js';

describe(`warnings in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    server = await startEditor({ flow: MESSAGES_FLOW, prepare: (folder) => seedStore(folder, WARNINGS) });
    browser = await sharedBrowser();
    ({ page, errors } = await openEditor(browser, server));
    await openMessages(page);
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  const filter = (name: string) => page.locator('.switchboard-filter', { hasText: name });
  const row = (number: string) => page.locator('li', { has: page.locator(`.switchboard-row`, { hasText: number }) });
  /** The text of the warning in a row, without its icon, which screen readers skip. */
  const mark = async (number: string) =>
    (await row(number).locator('.switchboard-warned').textContent())?.replace('\u26a0\ufe0e', '');
  const actions = () => page.locator('.switchboard-detail .switchboard-actions');
  const picture = async (of: Page, name: string) => {
    if (process.env.SCREENSHOTS) await of.screenshot({ path: `${process.env.SCREENSHOTS}/${name}-${NODE_RED.version}.png` });
  };

  it('have their own filter button with a count, and show their reason in the row', async () => {
    await counts(page, 'Warnings2');
    await filter('Warnings').click();
    await shows(page, '87');
    assert.equal(await mark('INC0010027'), 'Warning: North Telecom did not keep: severity (sent "Critical", has "Minor")');
    assert.equal(await row('INC0010027').locator('.switchboard-chip').textContent(), 'Delivered');
    assert.equal(await row('INC0010027').locator('.switchboard-warned-sign').getAttribute('aria-hidden'), 'true');
    assert.equal(await mark('INC0010028'), 'Warning: severity «Apocalyptic» has no row in its value map.');
    const wide = await page.$eval('.switchboard-filters', (one) => one.scrollWidth > one.clientWidth + 1);
    assert.equal(wide, false, 'the buttons fit the sidebar');
    await picture(page, 'warnings-sidebar');
  });

  it('are not counted once seen, are marked as seen in the row, and are counted again after undo', async () => {
    await row('INC0010027').click();
    await actions().getByText('Mark as seen').click();
    await page.locator('.switchboard-detail').getByText('Seen by unknown user').waitFor();
    await counts(page, 'Warnings1');
    await picture(page, 'warnings-detail');
    await page.keyboard.press('Escape');
    await shows(page, '8');
    await filter('All').click();
    await shows(page, '987654321');
    assert.match((await mark('INC0010027')) ?? '', /^Warning, seen: North Telecom did not keep: severity/);
    await row('INC0010027').click();
    await actions().getByText('Undo').click();
    await actions().getByText('Mark as seen').waitFor();
    await counts(page, 'Warnings2');
    await page.keyboard.press('Escape');
  });

  it('are marked as seen in bulk, and only that is undone', async () => {
    await filter('Warnings').click();
    await shows(page, '87');
    for (const number of ['INC0010027', 'INC0010028']) await row(number).locator('.switchboard-tick').click();
    const bar = page.locator('.switchboard-bulk');
    await bar.getByText('Mark as seen').click();
    await bar.locator('.switchboard-primary').waitFor();
    assert.match(await bar.innerText(), /Mark warnings as seen: 2 \(in 2 messages\)\?/);
    await bar.locator('.switchboard-primary').click();
    await page.locator('.switchboard-result', { hasText: '2 marked as seen.' }).waitFor();
    await counts(page, 'Warnings');
    await page.locator('.switchboard-notice', { hasText: 'No unseen warnings.' }).waitFor();
    await page.locator('.switchboard-undo').click();
    await page.locator('.switchboard-result', { hasText: '2 undone.' }).waitFor();
    await counts(page, 'Warnings2');
    await shows(page, '87');
    const undo = (undoes?: string) =>
      fetch(`${server.url}switchboard/bulk`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ action: 'undo', undoes, ids: ['m9'], preview: true }),
      }).then(async (answer) => ((await answer.json()) as { done: number }).done);
    assert.deepEqual([await undo('skip'), await undo('seen'), await undo()], [0, 1, 1]);
  });

  it('are filtered together with those already seen', async () => {
    await page.locator('.switchboard-more-filters').click();
    await page.locator('.switchboard-filter-panel').getByLabel('State').selectOption({ label: 'Warnings, including seen' });
    await shows(page, '987');
    await page.locator('.switchboard-filter-panel').getByText('Clear filters').click();
    await page.locator('.switchboard-more-filters').click();
  });

  it('appear in the log', async () => {
    await page.getByRole('tab', { name: 'Log' }).click();
    const log = page.locator('.switchboard-audit');
    await log.locator('li').first().waitFor();
    assert.match(
      (await log.innerText()).replace(/\s+/g, ' '),
      /unknown user .*marked as seen: warning of messages: 2.*marked as seen: warning of delivery TT-9007/,
    );
  });

  it('appear at the conversation and in its timeline', async () => {
    await page.getByRole('tab', { name: 'Conversations' }).click();
    await filter('With warnings').click();
    await shows(page, '87');
    assert.match((await row('INC0010027').locator('.switchboard-warned').textContent()) ?? '', /1 with a warning$/);
    await picture(page, 'warnings-conversations');
    await page.locator('.switchboard-row', { hasText: 'INC0010027' }).click();
    await page.locator('.switchboard-lanes .switchboard-warned', { hasText: 'did not keep: severity' }).waitFor();
    await picture(page, 'warnings-conversation');
  });

  for (const theme of ['light', 'dark'] as const)
    it(`are accessible (${theme})`, async () => {
      const own = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: theme });
      await own.addInitScript((chosen) => localStorage.setItem('view-dark-theme', chosen), theme);
      await own.goto(`${server.url}switchboard/page`);
      await own.locator('.switchboard-row', { hasText: 'INC0010029' }).click();
      await own.waitForSelector('.switchboard-detail .switchboard-warned');
      assert.deepEqual(await wrongIn(own, 'body'), []);
      await picture(own, `warnings-page-${theme}`);
      await own.getByRole('tab', { name: 'Conversations' }).click();
      await own.locator('.switchboard-row', { hasText: 'INC0010027' }).click();
      await own.waitForSelector('.switchboard-lanes .switchboard-warned');
      assert.deepEqual(await wrongIn(own, 'body'), []);
      await picture(own, `warnings-page-conversation-${theme}`);
      await own.close();
    });

  it('caused no errors in the browser', () => assert.deepEqual(errors, []));
});
