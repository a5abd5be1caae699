import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { DECISIONS } from '../nodes/sidebar/decision-seed.js';
import { seedStore } from '../nodes/sidebar/seed.js';
import { wrongIn } from './axe.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, NODE_RED, openEditor, startEditor } from './editor.js';
import { counts, MESSAGES_FLOW, openMessages, shows } from './messages-flow.js';
import { closePages, sharedBrowser } from './shared-browser.js';

describe(`decisions in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    server = await startEditor({ flow: MESSAGES_FLOW, prepare: (folder) => seedStore(folder, DECISIONS) });
    browser = await sharedBrowser();
    ({ page, errors } = await openEditor(browser, server));
    await openMessages(page);
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  const filter = () => page.locator('.switchboard-filter', { hasText: 'Decisions' });
  const open = async (number: string) => {
    await page.locator('.switchboard-row', { hasText: number }).click();
    await page.waitForSelector('.switchboard-detail');
  };
  const actions = () => page.locator('.switchboard-detail .switchboard-actions');
  const buttons = () => actions().locator('button').allInnerTexts();

  it('have their own filter button with a count', async () => {
    await counts(page, 'Decisions2');
    await filter().click();
    await shows(page, '87');
    // Not innerText: elements that are scrolled out of view or not painted yet have none (content-visibility).
    assert.equal(await page.locator('.switchboard-row .switchboard-chip').first().textContent(), 'Needs decision');
    const wide = await page.$eval('.switchboard-filters', (one) => one.scrollWidth > one.clientWidth + 1);
    assert.equal(wide, false, 'the buttons fit the sidebar');
  });

  it('show the question and its answers, and are made with a button after a confirmation', async () => {
    await open('INC0010027');
    const question = page.locator('.switchboard-question');
    assert.match(await question.innerText(), /Decision needed\s+North Telecom did not say .* Is there one\?/);
    const answers = [
      'Check again',
      'Not at the partner: send again',
      'Already there or no longer wanted: skip',
      'Edit and replay',
    ];
    assert.deepEqual(await buttons(), answers);
    await actions().getByText('send again').click();
    assert.match(await actions().innerText(), /Are you sure that the partner does not have it\?/);
    await actions().locator('.switchboard-primary').click();
    await page.waitForSelector('.switchboard-detail .switchboard-is-inDoubt');
    await question.waitFor({ state: 'detached' });
    await counts(page, 'Decisions1');
  });

  for (const theme of ['light', 'dark'] as const)
    it(`are accessible (${theme})`, async () => {
      const own = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: theme });
      await own.addInitScript((chosen) => localStorage.setItem('view-dark-theme', chosen), theme);
      await own.goto(`${server.url}switchboard/page`);
      await own.locator('.switchboard-row', { hasText: 'INC0010028' }).click();
      await own.waitForSelector('.switchboard-question');
      assert.deepEqual(await wrongIn(own, 'body'), []);
      await own.close();
    });

  it('come back when undone, and are gone when skipped', async () => {
    await actions().getByText('Undo').click();
    await page.waitForSelector('.switchboard-detail .switchboard-question');
    await counts(page, 'Decisions2');
    await actions().getByText('no longer wanted').click();
    await actions().locator('input').fill('It is there: TT-1.');
    await actions().locator('.switchboard-primary').click();
    await page.waitForSelector('.switchboard-detail .switchboard-card .switchboard-is-skipped');
    assert.match(await page.locator('.switchboard-detail').innerText(), /It is there: TT-1\./);
    await page.keyboard.press('Escape');
    await shows(page, '8');
  });

  it('about the legs of an order say what happens to the other legs', async () => {
    await open('INC0010028');
    assert.deepEqual(await buttons(), ['Cancel the other legs', 'Let the other legs continue']);
    assert.match(await page.locator('.switchboard-detail').innerText(), /Nothing is sent until you decide\./);
    await page.keyboard.press('Escape');
  });

  it('cannot be made in bulk, except for checking again, which is harmless', async () => {
    const bulk = async (action: string, id: string) => {
      const answer = await fetch(`${server.url}switchboard/bulk`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ action, ids: [id] }),
      });
      const { done, looked, refused } = (await answer.json()) as { done: number; looked: number; refused: string[] };
      assert.equal(looked, action === 'replay' ? done : 0, 'checks are counted separately');
      return [done, ...refused];
    };
    const refused = [0, 'Decisions have to be made one by one.'];
    assert.deepEqual(await bulk('skip', 'm8'), refused);
    assert.deepEqual(await bulk('replay', 'm8'), refused, 'this would cancel the other legs');
    assert.deepEqual(await bulk('undo', 'm7'), [1]);
    assert.deepEqual(await bulk('skip', 'm7'), refused);
    assert.deepEqual(await bulk('replay', 'm7'), [1]);
    assert.deepEqual(await bulk('undo', 'm7'), [1]);
  });

  it('in bulk are checked again, not replayed', async () => {
    await page.locator('.switchboard-filter', { hasText: 'Decisions' }).click();
    await shows(page, '87');
    await page.locator('li', { hasText: 'INC0010027' }).locator('.switchboard-tick').click();
    const bar = page.locator('.switchboard-bulk');
    await bar.getByText('Replay').click();
    await bar.locator('.switchboard-primary').waitFor();
    assert.match(await bar.innerText(), /^Needing a decision: 1\. Check the partners again\? Nothing is sent\./);
    assert.equal(await bar.locator('.switchboard-primary').innerText(), 'Check again');
    await bar.locator('.switchboard-primary').click();
    await page.locator('.switchboard-result', { hasText: '1 checked again.' }).waitFor();
    await shows(page, '8');
  });

  it('are not needed while the partner is being checked, with the time until when', async () => {
    await page.locator('.switchboard-filter', { hasText: 'All' }).click();
    await open('INC0010029');
    assert.match(await page.locator('.switchboard-detail').innerText(), /In doubt, checking the partner until .*\d/);
    await page.keyboard.press('Escape');
  });

  it('are shown at their conversation', async () => {
    await page.getByRole('tab', { name: 'Conversations' }).click();
    await page.locator('.switchboard-conversations .switchboard-filter', { hasText: 'Decisions' }).click();
    await page.waitForFunction(() => {
      const rows = [...document.querySelectorAll('.switchboard-conversations .switchboard-row')];
      return rows.length === 1 && rows[0]?.textContent?.includes('1 to decide');
    });
  });

  it('are in the log with the user who made them', async () => {
    await page.getByRole('tab', { name: 'Log' }).click();
    await page.locator('.switchboard-audit li').first().waitFor();
    const log = (await page.locator('.switchboard-audit').innerText()).replace(/\s+/g, ' ');
    assert.match(log, /skipped delivery .* undid the action on delivery .* sent again delivery/);
  });

  it('caused no errors in the browser', () => assert.deepEqual(errors, []));
});
