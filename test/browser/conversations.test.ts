import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Fixture } from '../../src/fixture/fixture.js';
import { until } from '../live/node-red.js';
import { HOSTILE, seedConversations } from '../nodes/sidebar/conversation-seed.js';
import { chromiumPath } from './browser.js';
import { CONVERSATIONS_FLOW as FLOW } from './conversations-flow.js';
import { type EditorServer, NODE_RED, openEditor, startEditor } from './editor.js';
import { answersLate } from './messages-flow.js';
import { closePages, sharedBrowser } from './shared-browser.js';

const PASSWORD = '$2b$04$lMjvzk6lsJBaByImLpHm8O5GKdZi08LXULIJzRmHuNPXwnexUXjFu'; // secret

/** Folder for screenshots; none are taken unless SCREENSHOTS is set. */
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
    browser = await sharedBrowser();
    ({ page, errors } = await openEditor(browser, server));
    await page.evaluate(`RED.actions.invoke('switchboard:show-messages')`);
    await page.getByRole('tab', { name: 'Conversations' }).click();
    await page.waitForSelector('.switchboard-conversations .switchboard-row');
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  const view = () => page.locator('.switchboard-conversations');
  const shows = (expected: string) =>
    page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll('.switchboard-conversations .switchboard-row b')].map((b) => b.textContent).join(' ') ===
        wanted,
      expected,
    );
  const tooWide = (of: Page) =>
    of.$$eval('.switchboard-view, .switchboard-view *', (all) =>
      all
        .filter(
          (one) =>
            one.scrollWidth > one.clientWidth + 1 &&
            !['hidden', 'auto'].includes(getComputedStyle(one).overflowX) &&
            one.clientWidth > 0,
        )
        .map((one) => one.className),
    );

  it('is a tab next to the messages that can be reached with the keyboard', async () => {
    await page.getByRole('tab', { name: 'Conversations' }).press('ArrowLeft');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Messages');
    await page.waitForSelector('.switchboard-row:has-text("by webhook"), .switchboard-list[aria-label^="Messages"]');
    await page.keyboard.press('ArrowRight');
    await shows('INC1 REQ1 INC9');
  });

  it('lists conversations with their problems, finds one by any number, and filters', async () => {
    // While the list is redrawn it has no text for a moment.
    const first = await until('the first row', async () =>
      (await view().locator('.switchboard-row').first().innerText()).replace(/\s+/g, ' '),
    );
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

  it('shows the timeline with texts as plain text and internal notes marked, as a list if narrow', async () => {
    await view().locator('.switchboard-row', { hasText: 'INC1' }).click();
    await page.waitForSelector('.switchboard-swim-arrow');
    const text = await view().locator('.switchboard-timeline').innerText();
    assert.ok(text.includes(HOSTILE));
    assert.match(text, /Internal\s+agent\s+The caller is upset/);
    assert.match(text, /15 hours later/);
    assert.equal(await view().locator('.switchboard-timeline img').count(), 0);
    assert.notEqual(await page.title(), 'owned');
    assert.match(
      await view().locator('.switchboard-swim-arrow-failed').innerText(),
      /Switchboard → Acme ServiceNow\s+Changed: state\s*Failed/,
    );
    assert.equal(await view().locator('.switchboard-lifelines').isVisible(), false, 'no columns in the sidebar');
    await shot(page, 'editor');
    assert.deepEqual(await tooWide(page), []);
  });

  it('links to http and https URLs only', async () => {
    const heads = view().locator('.switchboard-lane-head');
    assert.equal(await heads.locator('a').count(), 1);
    assert.equal(await heads.locator('a').getAttribute('href'), 'https://sn1.example.com/inc1');
    assert.equal(await heads.locator('b', { hasText: 'TT1' }).count(), 1, 'a URL that would run a script is not a link');
  });

  it('opens the message of an arrow and returns to that arrow', async () => {
    await view().locator('.switchboard-swim-arrow-failed').press('Enter');
    await page.waitForSelector('.switchboard-conversations .switchboard-sides');
    assert.match(await view().locator('.switchboard-detail').innerText(), /Acme ServiceNow refused the update \(403\)/);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.switchboard-swim-arrow');
    await page.waitForFunction(() => document.activeElement?.classList.contains('switchboard-swim-arrow-failed'));
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => (document.activeElement as HTMLElement | null)?.dataset.id === 'SWB-TICKET');
  });

  it('takes the focus when a conversation is drawn by a refresh that came while it opened', async () => {
    await answersLate(page, 'conversations/SWB-TICKET*');
    await view().locator('.switchboard-row', { hasText: 'INC1' }).click();
    await page.getByRole('tab', { name: 'Conversations' }).dispatchEvent('click');
    await page.waitForSelector('.switchboard-swim-arrow-failed');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.switchboard-timeline', { state: 'detached' });
  });

  it('updates itself when something changes', async () => {
    await view().locator('.switchboard-row', { hasText: 'INC1' }).click();
    await page.waitForSelector('.switchboard-swim-arrow-failed');
    const failed = await view().locator('.switchboard-swim-arrow-failed').getAttribute('data-id');
    const answer = await fetch(`${server.url}switchboard/deliveries/${failed}/skip`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    });
    assert.ok(answer.ok, await answer.text());
    await page.waitForSelector('.switchboard-swim-arrow-skipped');
    await page.waitForFunction(
      () => !document.querySelector('.switchboard-conversations .switchboard-row')?.textContent?.includes('failed'),
    );
    await page.keyboard.press('Escape');
  });

  it('merges and undoes: shows the changes beforehand and the history afterwards', async () => {
    await view().locator('.switchboard-row', { hasText: 'INC1' }).click();
    await view().getByRole('button', { name: 'Merge…' }).click();
    await page.keyboard.type('inc9');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.switchboard-link-edit .switchboard-effects');
    const asked = (await view().locator('.switchboard-link-edit').innerText()).replace(/\s+/g, ' ');
    assert.match(
      asked,
      /INC9 An old one Changes: Everything in SWB-CLOSED moves to SWB-TICKET\. A search for SWB-CLOSED still finds it\./,
    );
    assert.match(asked, /Changes to INC9 are still received\. Updates go to INC1, no longer to INC9\./);
    await shot(page, 'merge');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Merge');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.switchboard-history');
    await page.waitForFunction(
      () => document.querySelectorAll('.switchboard-lane-head a, .switchboard-lane-head b').length === 3,
    );
    await view().locator('.switchboard-back').click();
    await view().locator('input[type=search]').fill('SWB-CLOSED');
    await shows('INC1');
    await view().locator('input[type=search]').fill('');
    await shows('INC1 REQ1');
    await view().locator('.switchboard-row', { hasText: 'INC1' }).click();
    await view().getByText('Link edits (1)').click();
    await view().getByRole('button', { name: 'Undo' }).click();
    await page.waitForSelector('.switchboard-history >> text=Undone');
    await shows('INC1 REQ1 INC9');
  });

  it('unlinks a ticket after confirmation, and says why it cannot split off the only one', async () => {
    await view().getByRole('button', { name: 'Unlink: North Telecom TT1' }).click();
    await page.waitForSelector('.switchboard-link-edit .switchboard-effects');
    assert.match(
      await view().locator('.switchboard-link-edit .switchboard-effects').innerText(),
      /The next update for North Telecom may create a new ticket there\./,
    );
    await view().getByRole('button', { name: 'Cancel' }).click();
    await view().getByRole('button', { name: 'Unlink: North Telecom TT1' }).click();
    // A refresh for a change of something else comes between the edit and the answer that draws it.
    await answersLate(page, 'conversations/SWB-TICKET*');
    const drawing = page.waitForRequest(
      (request) => /conversations\/SWB-TICKET/.test(request.url()) && request.method() === 'GET',
    );
    await view().locator('.switchboard-link-edit .switchboard-primary', { hasText: 'Unlink' }).click();
    await drawing;
    await page.getByRole('tab', { name: 'Conversations' }).dispatchEvent('click');
    await page.waitForFunction(() =>
      document.querySelector('.switchboard-lane-head:last-child')?.textContent?.includes('TT1, no longer linked'),
    );
    await view().getByRole('button', { name: 'Split off: Acme ServiceNow INC1' }).click();
    await page.waitForFunction(() =>
      document.querySelector('.switchboard-link-edit')?.textContent?.includes('INC1 is the only ticket in this conversation.'),
    );
    await view().getByRole('button', { name: 'Cancel' }).click();
    assert.ok(
      await view()
        .locator('.switchboard-history')
        .evaluate((fold) => (fold as HTMLDetailsElement).open),
      'the history stays open',
    );
    await view().getByText('Link edits (2)').waitFor();
    await view().getByRole('button', { name: 'Undo' }).first().click();
    await page.waitForFunction(() => document.querySelectorAll('.switchboard-lane-actions').length === 2);
    assert.deepEqual(await tooWide(page), []);
  });

  it('reports that a ticket cannot be looked up', async () => {
    await view().getByRole('button', { name: 'Link a ticket…' }).click();
    await view().getByLabel('Endpoint').selectOption({ label: 'South Telecom' });
    await view().getByLabel('Number or id').fill('TT7');
    await view().getByRole('button', { name: 'Preview changes' }).click();
    await page.waitForFunction(() =>
      /South Telecom/.test(document.querySelector('.switchboard-link-edit .switchboard-failure')?.textContent ?? ''),
    );
    await view().getByRole('button', { name: 'Cancel' }).click();
    await page
      .locator('.switchboard-conversations .switchboard-detail')
      .focus()
      .catch(() => undefined);
    await view().locator('.switchboard-back').click();
    errors.splice(0, errors.length, ...errors.filter((error) => !/500|409/.test(error)));
  });

  it('exports a conversation as a test, without people’s data unless it is asked for', async () => {
    await view().locator('.switchboard-row', { hasText: 'INC1' }).click();
    await view().getByRole('button', { name: 'Export as test…' }).click();
    assert.ok(!(await view().getByLabel('With people’s data').isChecked()));
    await view().getByLabel('With people’s data').check();
    await view().getByText('The file will hold people’s data in clear text.').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      view().getByRole('button', { name: 'Download' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'SWB-TICKET.fixture.json');
    const fixture = JSON.parse(readFileSync(await download.path(), 'utf8')) as Fixture;
    assert.equal(fixture.steps.length, 3);
    assert.deepEqual(fixture.endpoints.tmf1, { name: 'North Telecom', system: 'tmf621', dialect: 'v4' });
    await view().getByRole('button', { name: 'Link a ticket…' }).waitFor();
    await view().locator('.switchboard-back').click();
  });

  it('is in German if the browser is', async () => {
    const context = await browser.newContext({ locale: 'de-AT' });
    const own = await context.newPage();
    await own.goto(`${server.url}switchboard/page`);
    await own.getByRole('tab', { name: 'Vorgänge' }).click();
    await own.locator('.switchboard-conversations .switchboard-row', { hasText: 'INC1' }).click();
    assert.match(await own.locator('.switchboard-timeline').innerText(), /Intern\s+agent/);
    await own.getByRole('button', { name: 'Zusammenführen …' }).waitFor();
    assert.match(await own.locator('header').innerText(), /Zurück zum Editor/);
    await context.close();
  });

  it('is also on the full page, where an order has a column for each leg', async () => {
    for (const theme of ['light', 'dark'] as const) {
      for (const width of [290, 800, 1280, 1600]) {
        const own = await browser.newPage({ viewport: { width, height: 900 } });
        await own.addInitScript((chosen) => localStorage.setItem('view-dark-theme', chosen), theme);
        await own.goto(`${server.url}switchboard/page`);
        await own.getByRole('tab', { name: 'Conversations' }).click();
        await own.locator('.switchboard-conversations .switchboard-row', { hasText: 'REQ1' }).click();
        await own.waitForSelector('.switchboard-swim-arrow-waiting');
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
          assert.match(heads[4]?.[0] ?? '', /leg deliveryno ticket yetWaiting for devices: Completed\.Item 4/);
          // The arrow to the second leg reaches from our lane across the first leg to its lane.
          const box = async (selector: string, n = 0) => own.locator(selector).nth(n).boundingBox();
          const [ours, leg, arrow] = [
            await box('.switchboard-lifelines > i', 1),
            await box('.switchboard-lifelines > i', 3),
            await box('.switchboard-swim-arrow', 2),
          ];
          assert.ok(
            Math.abs((arrow?.x ?? 0) - (ours?.x ?? 0)) < 6 && Math.abs((arrow?.x ?? 0) + (arrow?.width ?? 0) - (leg?.x ?? 0)) < 6,
          );
        }
        assert.deepEqual(await tooWide(own), [], `${theme} ${width}`);
        if (width < 700) await own.locator('.switchboard-back').click();
        await own.locator('.switchboard-conversations .switchboard-row', { hasText: 'INC1' }).click();
        await own.waitForSelector('.switchboard-bubble-internal');
        await shot(own, `ticket-${theme}-${width}`);
        await own.close();
      }
    }
  });

  it('caused no errors in the browser', () => assert.deepEqual(errors, []));
});

describe(`the conversations page behind a login in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;

  before(async function () {
    if (!chromiumPath()) return this.skip();
    const users = [
      { username: 'reader', password: PASSWORD, permissions: 'read' },
      { username: 'anna', password: PASSWORD, permissions: '*' },
    ];
    server = await startEditor({
      flow: FLOW,
      prepare: seedConversations,
      settings: { adminAuth: { type: 'credentials', users } },
    });
  });
  after(() => server?.stop());

  const signIn = async (username: string, scope: string): Promise<Record<string, string>> => {
    const body = new URLSearchParams({
      client_id: 'node-red-admin',
      grant_type: 'password',
      scope,
      username,
      password: 'secret',
    });
    const answer = await fetch(`${server.url}auth/token`, { method: 'POST', body });
    return { Authorization: `Bearer ${((await answer.json()) as { access_token: string }).access_token}` };
  };
  const statuses = (headers: Record<string, string>) =>
    Promise.all([
      ...['conversations', 'conversations/SWB-TICKET'].map(
        async (path) => (await fetch(`${server.url}switchboard/${path}`, { headers })).status,
      ),
      ...['preview', 'apply', 'undo'].map(
        async (action) =>
          (
            await fetch(`${server.url}switchboard/conversations/SWB-TICKET/${action}`, {
              method: 'POST',
              headers: { ...headers, 'Content-Type': 'application/json' },
              body: JSON.stringify({ kind: 'merge', other: 'SWB-TICKET', operation: 99 }),
            })
          ).status,
      ),
    ]);

  it('rejects requests without a login, lets readers read, and only lets writers edit', async () => {
    const anna = await signIn('anna', '*');
    await until('the store to be open', async () => (await statuses(anna))[1] === 200);
    assert.deepEqual(await statuses({}), [401, 401, 401, 401, 401]);
    assert.deepEqual(await statuses(await signIn('reader', 'read')), [200, 200, 401, 401, 401]);
    assert.deepEqual(await statuses(anna), [200, 200, 200, 409, 409]);
  });

  it('records who made an edit', async () => {
    const headers = { ...(await signIn('anna', '*')), 'Content-Type': 'application/json' };
    const body = JSON.stringify({ kind: 'merge', other: 'SWB-CLOSED' });
    const answer = await fetch(`${server.url}switchboard/conversations/SWB-TICKET/apply`, { method: 'POST', headers, body });
    assert.equal(((await answer.json()) as { by: string }).by, 'anna');
  });
});
