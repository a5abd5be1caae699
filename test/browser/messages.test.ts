import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { serviceNowEndpointDefaults } from '../../nodes/servicenow-endpoint/servicenow-endpoint.config.js';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { tmfEndpointDefaults } from '../../nodes/tmf-endpoint/tmf-endpoint.config.js';
import { HOSTILE, seedStore } from '../nodes/sidebar/seed.js';
import { chromiumPath, launchBrowser } from './browser.js';
import { type EditorServer, NODE_RED, openEditor, startEditor } from './editor.js';

const FLOW = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults },
  { id: 'sn1', type: 'switchboard-servicenow-endpoint', ...serviceNowEndpointDefaults, name: 'Acme ServiceNow', store: 'store1' },
  { id: 'tmf1', type: 'switchboard-tmf-endpoint', ...tmfEndpointDefaults, name: 'North Telecom', store: 'store1' },
];
const USER = { username: 'operator', password: '$2b$04$lMjvzk6lsJBaByImLpHm8O5GKdZi08LXULIJzRmHuNPXwnexUXjFu' }; // secret

describe(`the messages view in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    server = await startEditor({ flow: FLOW, prepare: seedStore });
    browser = await launchBrowser();
    ({ page, errors } = await openEditor(browser, server));
    await page.evaluate(`RED.actions.invoke('switchboard:show-messages')`);
    await page.waitForSelector('.switchboard-row');
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const rows = (of: Page = page) =>
    of.$$eval('.switchboard-row', (all) => all.map((row) => row.querySelector('b')?.textContent?.slice(-1)).join(''));
  const shows = (expected: string, of: Page = page) =>
    of.waitForFunction(
      (wanted) => [...document.querySelectorAll('.switchboard-row b')].map((b) => b.textContent?.slice(-1)).join('') === wanted,
      expected,
      { timeout: 5000 },
    );

  it('lists what came, newest first, in words', async () => {
    assert.equal(await rows(), '654321');
    const text = (await page.locator('.switchboard-row').nth(4).innerText()).replace(/\s+/g, ' ');
    assert.match(text, /^Failed .* INC0010022.* Acme ServiceNow → North Telecom .*refused \(400\)/);
  });

  it('fits the sidebar without scrolling sideways', async () => {
    const wide = await page.$$eval('.switchboard-view, .switchboard-view *', (all) =>
      all
        .filter(
          (one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'hidden' && one.clientWidth > 0,
        )
        .map((one) => one.className),
    );
    assert.deepEqual(wide, []);
  });

  it('says on its filters how many need a person, and filters', async () => {
    const filter = (name: string) => page.locator('.switchboard-filter', { hasText: name });
    assert.equal(await filter('Problems').innerText(), 'Problems2');
    await filter('Problems').click();
    await shows('62');
    await filter('Unrouted').click();
    await shows('5');
    await filter('All').click();
    await shows('654321');
  });

  it("finds a ticket by the partner's number", async () => {
    await page.fill('.switchboard-view input[type=search]', 'TT-9003');
    await shows('3');
    await page.fill('.switchboard-view input[type=search]', '');
    await shows('654321');
  });

  it('shows a message beside its list or in its place, and what a ticket says only as text', async () => {
    await page.locator('.switchboard-row', { hasText: 'INC0010022' }).click();
    await page.waitForSelector('.switchboard-detail');
    const detail = page.locator('.switchboard-detail');
    const text = await detail.innerText();
    assert.ok(text.includes(HOSTILE), 'the title as it was written');
    assert.match(text, /SWB-7K3M9Q2X4F2A/);
    assert.match(text, /create troubleTicket · 400 · 96 ms/);
    assert.equal(await detail.locator('img, b:has-text("down")').count(), 0);
    assert.notEqual(await page.title(), 'owned');
    assert.equal(await detail.locator('a').getAttribute('href'), 'https://acme.service-now.com/incident.do?n=2');
  });

  it('goes back to the list with Escape, to the row it came from', async () => {
    await page.locator('.switchboard-detail').press('Escape');
    await page.waitForSelector('.switchboard-detail', { state: 'detached' });
    assert.equal(await page.evaluate('document.activeElement.dataset.id'), 'm2');
  });

  it('asks before it skips, keeps the reason, and shows the change by itself', async () => {
    await page.locator('.switchboard-row', { hasText: 'INC0010026' }).click();
    await page.locator('.switchboard-actions').getByText('Skip').click();
    assert.match(await page.locator('.switchboard-actions').innerText(), /Put this message aside for good\?/);
    await page.locator('.switchboard-actions').getByText('Cancel').click();
    await page.locator('.switchboard-actions').getByText('Skip').click();
    await page.fill('.switchboard-actions input', 'Done by phone.');
    await page.locator('.switchboard-actions .switchboard-primary').click();
    await page.waitForSelector('.switchboard-detail .switchboard-is-skipped');
    assert.match(await page.locator('.switchboard-detail').innerText(), /Done by phone\./);
    assert.match(await page.locator('.switchboard-filter', { hasText: 'Problems' }).innerText(), /Problems1/);
  });

  it('follows what others do', async () => {
    await fetch(`${server.url}switchboard/deliveries/d2/skip`, { method: 'POST' });
    await page.locator('.switchboard-back').click();
    await page.waitForFunction(() => document.querySelector('[data-id=m2] .switchboard-chip')?.textContent === 'Skipped');
  });

  it('refuses what cannot be done, in words', async () => {
    const answer = await fetch(`${server.url}switchboard/messages/m1/skip`, { method: 'POST' });
    assert.equal(answer.status, 409);
    assert.match(((await answer.json()) as { message: string }).message, /m1 is settled/);
    assert.equal((await fetch(`${server.url}switchboard/messages/none`)).status, 404);
  });

  it('is also a page of its own, with list and message side by side', async () => {
    const [own] = await Promise.all([page.context().waitForEvent('page'), page.locator('.switchboard-page').click()]);
    await own.waitForSelector('.switchboard-row');
    await own.locator('.switchboard-row', { hasText: 'INC0010021' }).click();
    await own.waitForSelector('.switchboard-detail');
    assert.ok(await own.locator('.switchboard-list').isVisible());
    const [left, right] = await own.$$eval('.switchboard-side', (sides) =>
      sides.map((side) => side.getBoundingClientRect().left),
    );
    assert.ok((left ?? 0) < (right ?? 0), 'incoming left, outgoing right');
    assert.equal(await own.title(), 'Switchboard messages');
    await own.close();
  });

  it('made no errors in the browser', () => assert.deepEqual(errors, []));
});

describe(`the messages page behind a login in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;

  before(async function () {
    if (!chromiumPath()) return this.skip();
    const adminAuth = { type: 'credentials', users: [{ ...USER, permissions: 'read' }] };
    server = await startEditor({ flow: FLOW, prepare: seedStore, settings: { httpAdminRoot: '/admin', adminAuth } });
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('gives nothing away to someone who has not signed in', async () => {
    for (const path of ['messages', 'messages/m1', 'counts']) {
      assert.equal((await fetch(`${server.url}admin/switchboard/${path}`)).status, 401, path);
    }
    const page = await browser.newPage();
    await page.goto(`${server.url}admin/switchboard/page`);
    await page.waitForSelector('.switchboard-trouble');
    assert.match(await page.locator('.switchboard-notice').innerText(), /Sign in to Node-RED's editor/);
    await page.close();
  });

  it('works with the session of the editor, and a reader may only read', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}admin/`);
    await page.fill('#node-dialog-login-username', USER.username);
    await page.fill('#node-dialog-login-password', 'secret');
    await page.click('#node-dialog-login-submit');
    await page.waitForSelector('#red-ui-palette-container .red-ui-palette-node');
    await page.goto(`${server.url}admin/switchboard/page/`);
    await page.waitForSelector('.switchboard-row');
    await page.locator('.switchboard-row', { hasText: 'INC0010026' }).click();
    await page.locator('.switchboard-actions').getByText('Replay').click();
    await page.locator('.switchboard-actions .switchboard-primary').click();
    await page.waitForSelector('.switchboard-actions .switchboard-trouble:not(:empty)');
    assert.equal(await page.locator('.switchboard-actions .switchboard-trouble').innerText(), 'You are not allowed to do this.');
    await page.close();
  });
});
