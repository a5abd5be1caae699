import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import type { Change } from '../../src/store/store.js';
import { conversation, delivery, message, seedStore } from '../nodes/sidebar/seed.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, editorLoaded, NODE_RED, openEditor, scriptErrors, startEditor } from './editor.js';
import { MESSAGES_FLOW, openMessages } from './messages-flow.js';
import { closePages, sharedBrowser } from './shared-browser.js';

/** Its base URL is missing. */
const BROKEN = { ...MESSAGES_FLOW.at(-1), id: 'tmf2', name: 'South Telecom', baseUrl: '' };
const ENDED: Change[] = [
  { kind: 'conversation', record: conversation(9, { state: 'closed', title: 'Jane Doe is offline' }) },
  { kind: 'message', record: message(9, { conversation: 'c9' }), bodies: { received: { text: 'Jane Doe' } } },
  { kind: 'delivery', record: delivery(9, {}) },
];

describe(`the operator's view in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;

  before(async function () {
    if (!chromiumPath()) return this.skip();
    server = await startEditor({ flow: [...MESSAGES_FLOW, BROKEN], prepare: (folder) => seedStore(folder, ENDED) });
    browser = await sharedBrowser();
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  /** The editor in a language, with the view open in its sidebar. */
  async function openView(language = 'en-US'): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript((chosen) => localStorage.setItem('editor-language', chosen), language);
    await page.goto(server.url);
    await editorLoaded(page);
    await openMessages(page);
    return page;
  }

  async function post(path: string, body: object): Promise<Response> {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer;
  }

  for (const language of ['en-US', 'de']) {
    it(`shows all tabs in the sidebar as wide as it is at first (${language})`, async () => {
      const page = await openView(language);
      await page.locator('.switchboard-tab > span').waitFor();
      const outside = await page.$$eval('.switchboard-tab', (tabs) => {
        const place = (document.querySelector('.switchboard-tabs') as Element).getBoundingClientRect();
        return tabs
          .filter((tab) => {
            const { left, right, bottom } = tab.getBoundingClientRect();
            return left < place.left || right > place.right + 1 || bottom > place.bottom + 1;
          })
          .map((tab) => tab.textContent);
      });
      assert.deepEqual(outside, []);
      await page.close();
    });
  }

  it('shows endpoints that cannot work as they are configured, with the reason', async () => {
    const page = await openView();
    await page.getByRole('tab', { name: 'Endpoints' }).click();
    const card = page.locator('.switchboard-card', { hasText: 'South Telecom' });
    assert.match((await card.innerText()).replace(/\s+/g, ' '), /^South Telecom Misconfigured .*base ?URL/i);
    await page.route('**/switchboard/endpoints', (route) => route.fulfill({ json: [] }));
    await page.getByRole('tab', { name: 'Endpoints' }).click();
    await page.locator('.switchboard-card', { hasText: 'North Telecom' }).waitFor({ state: 'detached' });
    await card.waitFor();
    assert.equal(await page.getByText('The flows contain no endpoints.').count(), 0);
    await page.close();
  });

  it('says in the language of the user that something was skipped without a reason', async () => {
    const page = await openView('de');
    await post('switchboard/messages/m6/skip', {});
    const row = page.locator('.switchboard-row', { hasText: 'INC0010026' });
    await row.getByText('Von einem Benutzer übersprungen.').waitFor();
    await row.click();
    await page.locator('.switchboard-detail').getByText('Von einem Benutzer übersprungen.').waitFor();
    await page.getByRole('tab', { name: 'Protokoll' }).click();
    await page.locator('.switchboard-audit').getByText('Von einem Benutzer übersprungen.').waitFor();
    await post('switchboard/messages/m6/undo', {});
    await page.close();
  });

  it('says in the log which delivery was skipped, by ticket and endpoint', async () => {
    await post('switchboard/deliveries/d2/skip', { reason: 'no longer needed' });
    const page = await openView();
    await page.getByRole('tab', { name: 'Log' }).click();
    const entry = page.locator('.switchboard-audit li', { hasText: 'no longer needed' });
    assert.match((await entry.innerText()).replace(/\s+/g, ' '), /skipped delivery INC0010022 to North Telecom/);
    await post('switchboard/deliveries/d2/undo', {});
    await page.close();
  });

  it('opens from a refused erasure what has to be replayed or skipped first', async () => {
    const page = await openView();
    await page.getByRole('tab', { name: 'Log' }).click();
    await page.getByRole('button', { name: 'Erase people’s data…' }).click();
    const form = page.locator('.switchboard-erase');
    await form.getByLabel('What to erase').selectOption('ticket');
    await form.getByLabel('Ticket numbers, one per line').fill('INC0010022');
    await form.getByRole('button', { name: 'Show what would be erased' }).click();
    await form.getByRole('button', { name: 'INC0010022' }).click();
    await page.locator('.switchboard-detail h2', { hasText: 'INC0010022' }).waitFor();
    await page.close();
  });

  it('no longer shows what was erased while it was open', async () => {
    const page = await openView();
    await page.locator('.switchboard-row', { hasText: 'INC0010029' }).click();
    await page.locator('.switchboard-detail').getByText('Jane Doe').first().waitFor();
    await page.getByRole('tab', { name: 'Conversations' }).click();
    const conversations = page.locator('.switchboard-conversations');
    await conversations.locator('.switchboard-row', { hasText: 'Jane Doe' }).click();
    await conversations.locator('.switchboard-swim-arrow').first().click();
    await conversations.locator('.switchboard-detail').getByText('Jane Doe').first().waitFor();
    await post('switchboard/people/erase', { ticket: ['INC0010029'], confirm: 1 });
    await conversations.getByText('The message does not exist. It may have been deleted.').waitFor();
    assert.doesNotMatch(await conversations.innerText(), /Jane Doe/);
    await page.getByRole('tab', { name: 'Messages' }).click();
    await page.getByText('The message does not exist. It may have been deleted.').waitFor();
    assert.doesNotMatch(await page.locator('.switchboard-view').innerText(), /Jane Doe/);
    await page.getByRole('button', { name: 'Back to the list' }).click();
    await page.locator('.switchboard-row').first().waitFor();
    await page.close();
  });

  it('shows the full page in the language chosen in the editor', async () => {
    const page = await browser.newPage({ locale: 'en-GB' });
    const errors = scriptErrors(page);
    await page.addInitScript(() => localStorage.setItem('editor-language', 'de'));
    await page.goto(`${server.url}switchboard/page`);
    await page.getByRole('tab', { name: 'Protokoll' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    assert.deepEqual(errors, []);
    await page.close();
  });

  // Last: it changes the flows.
  it('masks people’s data, and says so, once that is deployed while the editor is open', async () => {
    const { page } = await openEditor(browser, server);
    await openMessages(page);
    await page.locator('.switchboard-row', { hasText: 'INC0010022' }).click();
    const edit = page.locator('.switchboard-detail').getByRole('button', { name: 'Edit and replay' }).first();
    await edit.waitFor();
    assert.ok(await edit.isEnabled());
    const masking = { maskNames: true, maskEmail: true, maskPhone: true };
    await post(
      'flows',
      MESSAGES_FLOW.map((node) => (node.id === 'store1' ? { ...node, ...masking } : node)),
    );
    await page.getByText('People’s data is masked where it is recognised').waitFor();
    await page.getByRole('button', { name: 'Show people’s data' }).waitFor();
    await page.waitForFunction(() =>
      [...document.querySelectorAll<HTMLButtonElement>('.switchboard-detail button')].some(
        (one) => one.textContent === 'Edit and replay' && one.disabled,
      ),
    );
    await page.close();
  });
});
