import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { startWithPeople, TITLE, type Token } from '../nodes/sidebar/people-seed.js';
import { chromiumPath } from './browser.js';
import { closeMapping, openMapping } from './designer.js';
import { type EditorServer, editNode, NODE_RED, scriptErrors } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

describe(`what users see of people’s data that is masked, in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let tokens: Record<string, Token>;
  let browser: Browser;
  before(async function () {
    if (!chromiumPath()) return this.skip();
    ({ server, tokens } = await startWithPeople());
    browser = await sharedBrowser();
  });
  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  const open = async (user: string): Promise<{ page: Page; errors: string[] }> => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const errors = scriptErrors(page);
    await page.addInitScript((token) => localStorage.setItem('auth-tokens', JSON.stringify(token)), tokens[user]);
    await page.goto(`${server.url}switchboard/page`);
    await page.locator('.switchboard-row', { hasText: 'INC0010027' }).first().click();
    await page.locator('.switchboard-detail').waitFor();
    return { page, errors };
  };
  const shown = (page: Page, text: string) => page.locator('.switchboard-detail h2', { hasText: text }).waitFor();

  it('is masked; without the permissions, buttons are disabled and say which one they need', async () => {
    const { page, errors } = await open('reader');
    await shown(page, 'A… L… has no dial tone');
    await page
      .getByText(
        'where it is recognised: names, e-mail addresses, telephone numbers. A name that stands only in free text stays.',
      )
      .waitFor();
    assert.ok(await page.getByRole('button', { name: 'Show people’s data' }).isDisabled());
    await page.getByText('This needs the permission switchboard.export.').waitFor();
    assert.ok(await page.locator('.switchboard-actions').getByRole('button', { name: 'Replay' }).first().isDisabled());
    await page.getByText('This needs the permission switchboard.write.').first().waitFor();
    assert.ok(!(await page.content()).includes('Lovelace'));
    await page.getByRole('tab', { name: 'Conversations' }).click();
    await page.locator('.switchboard-conversations .switchboard-row', { hasText: 'INC0010027' }).click();
    assert.ok(await page.getByRole('button', { name: 'Export as test…' }).isDisabled());
    assert.ok(await page.getByRole('button', { name: 'Link a ticket…' }).isDisabled());
    await page.getByRole('tab', { name: 'Log' }).click();
    for (const name of ['Erase people’s data…', 'Export log']) assert.ok(await page.getByRole('button', { name }).isDisabled());
    for (const permission of ['switchboard.write', 'switchboard.export'])
      await page.locator('.switchboard-section').getByText(`This needs the permission ${permission}.`).waitFor();
    assert.deepEqual(errors, []);
    await page.close();
  });

  it('a dialog does not offer a test of the connection to who may not deploy', async () => {
    const page = await browser.newPage();
    await page.addInitScript((token) => localStorage.setItem('auth-tokens', JSON.stringify(token)), tokens.reader);
    await page.goto(server.url);
    await page.waitForFunction('window.RED?.nodes?.node?.("sn1")');
    await page.evaluate('RED.editor.editConfig("", "switchboard-servicenow-endpoint", "sn1")');
    assert.ok(await page.getByRole('button', { name: 'Test connection' }).isDisabled());
    await page.getByText('This needs the permission flows.write').waitFor();
    await page.close();
  });

  it('is shown to who may export, by a button, and can be edited only then', async () => {
    const { page, errors } = await open('exporter');
    await shown(page, 'A… L… has no dial tone');
    assert.ok(await page.getByRole('button', { name: /^Edit/ }).first().isDisabled());
    await page.getByText('To edit the payload, show people’s data first.').first().waitFor();
    await page.getByRole('button', { name: 'Show people’s data' }).click();
    await shown(page, TITLE);
    assert.ok(await page.getByRole('button', { name: /^Edit/ }).first().isEnabled());
    await page.getByRole('button', { name: 'Mask people’s data' }).click();
    await shown(page, 'A… L… has no dial tone');
    await page.getByRole('tab', { name: 'Log' }).click();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export log' }).click()]);
    assert.match(readFileSync(await file.path(), 'utf8'), /"action":"export".*"store":"switchboard-store"\}\n$/);
    assert.deepEqual(errors, []);
    await page.close();
  });

  it('is computed with in the dialogs of an integrator only after pressing a button', async () => {
    const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
    const errors = scriptErrors(page);
    await page.addInitScript((token) => localStorage.setItem('auth-tokens', JSON.stringify(token)), tokens.integrator);
    await page.goto(server.url);
    await page.waitForFunction(`window.RED?.nodes?.node('incidents') && RED.nodes.node('route1')`);
    const computed = page.getByText('Computed with masked data (names, e-mail addresses, telephone numbers)');
    const show = page.getByRole('button', { name: 'Show people’s data' });
    const hide = page.getByRole('button', { name: 'Mask people’s data' });

    await openMapping(page, 'incidents');
    await computed.waitFor();
    const sample = page.locator('.switchboard-sample-choice option:checked');
    const line = (text: string) => page.locator('.switchboard-preview-line', { hasText: text }).first();
    assert.match((await sample.textContent()) ?? '', /A… L… has no dial tone/);
    await line('A… L… has no dial tone').waitFor();
    await show.click();
    await line(TITLE).waitFor();
    assert.match((await sample.textContent()) ?? '', /Ada Lovelace/);
    await hide.click();
    await line('A… L… has no dial tone').waitFor();
    await closeMapping(page);

    await editNode(page, 'route1');
    await computed.waitFor();
    const row = page.locator('.switchboard-route-table > div', { hasText: 'INC0010028' });
    await row.locator('.switchboard-route-none').waitFor();
    await show.click();
    await row.getByText('→ North').waitFor();
    assert.match((await row.textContent()) ?? '', /Ada Lovelace/);
    assert.deepEqual(errors, []);
    await page.close();
  });
});
