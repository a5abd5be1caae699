import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { serviceNowEndpointDefaults } from '../../nodes/servicenow-endpoint/servicenow-endpoint.config.js';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { tmfEndpointDefaults } from '../../nodes/tmf-endpoint/tmf-endpoint.config.js';
import { HOSTILE, seedConversations } from '../nodes/sidebar/conversation-seed.js';
import { chromiumPath, launchBrowser } from './browser.js';
import { type EditorServer, NODE_RED, openEditor, startEditor } from './editor.js';

// Nobody listens there: what waits goes on waiting.
const NOWHERE = 'http://127.0.0.1:9';
const FLOW = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults, retentionDays: '3650' },
  {
    id: 'sn1',
    type: 'switchboard-servicenow-endpoint',
    ...serviceNowEndpointDefaults,
    name: 'Acme ServiceNow',
    store: 'store1',
    baseUrl: NOWHERE,
    auth: 'none',
  },
  {
    id: 'tmf1',
    type: 'switchboard-tmf-endpoint',
    ...tmfEndpointDefaults,
    name: 'North Telecom',
    store: 'store1',
    baseUrl: NOWHERE,
    auth: 'none',
  },
  {
    id: 'tmf2',
    type: 'switchboard-tmf-endpoint',
    ...tmfEndpointDefaults,
    name: 'South Telecom',
    store: 'store1',
    baseUrl: NOWHERE,
    auth: 'none',
  },
];

/** Where to leave screenshots for a person to look at; nowhere unless asked. */
const SHOTS = process.env.SWITCHBOARD_SHOTS;

async function shot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `conversations-${name}.png`) });
}

describe(`the conversations view in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    server = await startEditor({ flow: FLOW, prepare: seedConversations });
    browser = await launchBrowser();
    ({ page, errors } = await openEditor(browser, server));
    await page.evaluate(`RED.actions.invoke('switchboard:show-messages')`);
    await page.getByRole('tab', { name: 'Conversations' }).click();
    await page.waitForSelector('.switchboard-conversations .switchboard-row');
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const view = () => page.locator('.switchboard-conversations');
  const shows = (expected: string) =>
    page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll('.switchboard-conversations .switchboard-row b')].map((b) => b.textContent).join(' ') ===
        wanted,
      expected,
      { timeout: 5000 },
    );
  const tooWide = (of: Page) =>
    of.$$eval('.switchboard-tabbed, .switchboard-tabbed *', (all) =>
      all
        .filter(
          (one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'hidden' && one.clientWidth > 0,
        )
        .map((one) => one.className),
    );

  it('stands beside the messages, and is reached with the keyboard', async () => {
    await page.getByRole('tab', { name: 'Conversations' }).press('ArrowLeft');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Messages');
    await page.waitForSelector('.switchboard-row:has-text("by webhook"), .switchboard-list[aria-label^="Messages"]');
    await page.keyboard.press('ArrowRight');
    await shows('INC1 REQ1 INC9');
  });

  it('lists conversations with what needs a person, finds one by any number, and filters', async () => {
    const first = (await view().locator('.switchboard-row').first().innerText()).replace(/\s+/g, ' ');
    assert.match(first, /^open .* INC1\s*No connection in Ghent Acme ServiceNow INC1 ↔ North Telecom TT1 1 failed$/);
    await view().locator('input[type=search]').fill('po2');
    await shows('REQ1');
    await view().locator('input[type=search]').fill('');
    await shows('INC1 REQ1 INC9');
    await view().getByRole('button', { name: 'With problems' }).click();
    await shows('INC1');
    await view().getByRole('button', { name: 'All' }).click();
    await shows('INC1 REQ1 INC9');
    assert.deepEqual(await tooWide(page), []);
  });

  it('draws what came and went, texts as text, internal notes as internal, in a list where it is narrow', async () => {
    await view().locator('.switchboard-row', { hasText: 'INC1' }).click();
    await page.waitForSelector('.switchboard-arrow');
    const text = await view().locator('.switchboard-timeline').innerText();
    assert.ok(text.includes(HOSTILE));
    assert.match(text, /Internal\s+agent\s+The caller is upset/);
    assert.match(text, /15 hours later/);
    assert.equal(await view().locator('.switchboard-timeline img').count(), 0);
    assert.notEqual(await page.title(), 'owned');
    assert.match(
      await view().locator('.switchboard-arrow-failed').innerText(),
      /Switchboard → Acme ServiceNow\s+Changed: state\s*Failed/,
    );
    assert.equal(await view().locator('.switchboard-lifelines').isVisible(), false, 'no columns in the sidebar');
    assert.deepEqual(await tooWide(page), []);
    await shot(page, 'editor');
  });

  it('links to web addresses only', async () => {
    const heads = view().locator('.switchboard-lane-head');
    assert.equal(await heads.locator('a').count(), 1);
    assert.equal(await heads.locator('a').getAttribute('href'), 'https://sn1.example.com/inc1');
    assert.equal(await heads.locator('b', { hasText: 'TT1' }).count(), 1, 'an address that would run a script is no link');
  });

  it('opens the message of an arrow and comes back to that arrow', async () => {
    await view().locator('.switchboard-arrow-failed').press('Enter');
    await page.waitForSelector('.switchboard-conversations .switchboard-sides');
    assert.match(await view().locator('.switchboard-detail').innerText(), /Acme ServiceNow refused the update \(403\)/);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.switchboard-arrow');
    await page.waitForFunction(() => document.activeElement?.classList.contains('switchboard-arrow-failed'));
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => (document.activeElement as HTMLElement | null)?.dataset.id === 'SWB-TICKET');
  });

  it('follows what happens', async () => {
    await view().locator('.switchboard-row', { hasText: 'INC1' }).click();
    await page.waitForSelector('.switchboard-arrow-failed');
    const failed = await view().locator('.switchboard-arrow-failed').getAttribute('data-id');
    const answer = await fetch(`${server.url}switchboard/deliveries/${failed}/skip`, { method: 'POST' });
    assert.ok(answer.ok, await answer.text());
    await page.waitForSelector('.switchboard-arrow-skipped');
    await page.waitForFunction(
      () => !document.querySelector('.switchboard-conversations .switchboard-row')?.textContent?.includes('failed'),
    );
    await page.keyboard.press('Escape');
  });

  it('is also on the page of its own, where an order has a column for each leg', async () => {
    for (const theme of ['light', 'dark'] as const) {
      for (const width of [290, 800, 1280, 1600]) {
        const own = await browser.newPage({ viewport: { width, height: 900 } });
        await own.addInitScript((chosen) => localStorage.setItem('view-dark-theme', chosen), theme);
        await own.goto(`${server.url}switchboard/page`);
        await own.getByRole('tab', { name: 'Conversations' }).click();
        await own.locator('.switchboard-conversations .switchboard-row', { hasText: 'REQ1' }).click();
        await own.waitForSelector('.switchboard-arrow-waiting');
        await shot(own, `order-${theme}-${width}`);
        if (width >= 1280) {
          const heads = await own.$$eval('.switchboard-lane-head', (all) =>
            all.map((head) => [head.textContent ?? '', Math.round(head.getBoundingClientRect().left)] as const),
          );
          assert.equal(heads.length, 6, 'five parties and Switchboard');
          assert.ok(
            heads.every(([, left], i) => i === 0 || left > (heads[i - 1]?.[1] ?? 0)),
            'side by side',
          );
          assert.match(heads[4]?.[0] ?? '', /leg deliveryno ticket yetWaits until devices is: Completed\.Item 4/);
          // The arrow to the second leg reaches from our lane to that of the leg, over the first one.
          const box = async (selector: string, n = 0) => own.locator(selector).nth(n).boundingBox();
          const [ours, leg, arrow] = [
            await box('.switchboard-lifelines > i', 1),
            await box('.switchboard-lifelines > i', 3),
            await box('.switchboard-arrow', 2),
          ];
          assert.ok(
            Math.abs((arrow?.x ?? 0) - (ours?.x ?? 0)) < 6 && Math.abs((arrow?.x ?? 0) + (arrow?.width ?? 0) - (leg?.x ?? 0)) < 6,
          );
        }
        assert.deepEqual(await tooWide(own), [], `${theme} ${width}`);
        if (width < 700) await own.locator('.switchboard-back').click();
        await own.locator('.switchboard-conversations .switchboard-row', { hasText: 'INC1' }).click();
        await own.waitForSelector('.switchboard-note-internal');
        await shot(own, `ticket-${theme}-${width}`);
        await own.close();
      }
    }
  });

  it('made no errors in the browser', () => assert.deepEqual(errors, []));
});
