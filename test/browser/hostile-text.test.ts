import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { placeOrder } from '../../src/sandbox/servicenow-orders.js';
import { until } from '../live/node-red.js';
import { LiveRig } from '../live/rig.js';
import { chromiumPath } from './browser.js';
import { openEditor, scriptErrors } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

// The built sandbox: its page is next to it in dist/.
const { startSandbox } = require(resolve('dist/src/sandbox/sandbox.js')) as typeof import('../../src/sandbox/sandbox.js');

/** Text that would run as a script if it were treated as markup, a URL or part of a script. */
const RUN = 'window.owned=1';
const CORPUS = [
  `<script>${RUN}</script>`,
  `<img src=x onerror="${RUN}">`,
  `<svg onload="${RUN}"></svg>`,
  `"><img src=x onerror=${RUN}>`,
  `'><svg/onload=${RUN}>`,
  `<a href="javascript:${RUN}">click</a>`,
  `<iframe srcdoc="<script>parent.owned=1</script>"></iframe>`,
  `<details open ontoggle=${RUN}>x</details>`,
  `<math><mtext></table><mglyph><style><img src onerror=${RUN}>`,
  `<input autofocus onfocus=${RUN}>`,
  `{{constructor.constructor('${RUN}')()}}`,
  `\${${RUN}}`,
  `</textarea><img src=x onerror=${RUN}>`,
  `<!--><img src=x onerror=${RUN}>-->`,
  `[code]<img src=x onerror=${RUN}>[/code]`,
  `javascript:${RUN}//`,
];

describe('text in tickets, comments, attachments and party names', () => {
  let rig: LiveRig;
  let browser: Browser;
  let opened: string[];
  const names = { 'sb1-sn': { name: `Acme ${CORPUS[1]}` }, 'sb1-tmf': { name: `Telecom ${CORPUS[2]}` } };

  before(async function () {
    if (!chromiumPath()) return this.skip();
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, names);
    browser = await sharedBrowser();
    const desk = rig.sandbox.servicenow;
    opened = CORPUS.map((text, i) => {
      const row = rig.open(text, { description: text });
      desk.comment('incident', row.sys_id, text, text.slice(0, 40));
      desk.workNote('incident', row.sys_id, text, 'agent');
      desk.attach('incident', row.sys_id, `${i} ${text}.txt`.replaceAll('/', '∕'), 'text/plain', Buffer.from('x'));
      return row.sys_id;
    });
    await until('all tickets with comment and file at the provider', () => {
      const tickets = rig.sandbox.tmf('v4').tickets();
      const whole = (t: Record<string, unknown>) => ((t.note ?? []) as []).length > 0 && ((t.attachment ?? []) as []).length > 0;
      return tickets.length === CORPUS.length && tickets.every(whole);
    });
    for (const ticket of rig.sandbox.tmf('v4').tickets()) {
      rig.sandbox.tmf('v4').addNote(String(ticket.id), String(ticket.name), String(ticket.name));
    }
    await until('the notes at the customer', () => opened.every((id) => desk.journal(id).length >= 3));
  });
  after(async () => {
    await closePages(browser);
    await rig?.stop();
  });

  const safe = async (page: Page, where: string) => {
    // Injected code would run at once, in the next tick, or when a missing image has failed to load.
    await page.waitForFunction(() => [...document.images].every((picture) => picture.complete));
    assert.equal(await page.evaluate('window.owned'), undefined, where);
    const made = await page.$$eval('.switchboard-view, main, #desks', (roots) =>
      roots.flatMap((root) =>
        [...root.querySelectorAll('script, iframe, svg[onload], img[onerror], a[href^="javascript:"]')].map((e) => e.outerHTML),
      ),
    );
    assert.deepEqual(made, [], where);
  };

  it('is shown as text in the messages view and in every message', async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const wrong = scriptErrors(page);
    await page.goto(`${rig.live.url}/switchboard/page`);
    await page.waitForSelector('.switchboard-row');
    await safe(page, 'the list');
    const list = await page.locator('.switchboard-list').innerText();
    assert.ok(list.includes(CORPUS[0]!) || list.includes(CORPUS.at(-1)!), 'titles are shown as written');
    const rows = await page.$$eval('.switchboard-row', (all) => all.map((row) => (row as HTMLElement).dataset.id));
    for (const id of rows.slice(0, 40)) {
      await page.locator(`.switchboard-row[data-id="${id}"]`).click();
      await page.waitForSelector('.switchboard-detail');
      await page.$$eval('.switchboard-detail details', (all) => {
        for (const fold of all) (fold as HTMLDetailsElement).open = true;
      });
      await safe(page, `message ${id}`);
    }
    assert.deepEqual(wrong, []);
    await page.close();
  });

  it('is shown as text in the conversations view and in every conversation', async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const wrong = scriptErrors(page);
    await page.goto(`${rig.live.url}/switchboard/page`);
    await page.getByRole('tab', { name: 'Conversations' }).click();
    await page.waitForSelector('.switchboard-conversations .switchboard-row');
    const rows = await page.$$eval('.switchboard-conversations .switchboard-row', (all) =>
      all.map((row) => (row as HTMLElement).dataset.id),
    );
    assert.equal(rows.length, CORPUS.length);
    let read = '';
    for (const id of rows) {
      await page.locator(`.switchboard-conversations .switchboard-row[data-id="${id}"]`).click();
      await page.waitForSelector('.switchboard-timeline');
      await safe(page, `conversation ${id}`);
      read += await page.locator('.switchboard-conversations').innerText();
    }
    for (const text of CORPUS) assert.ok(read.includes(text.slice(0, 20)), `${text} can be read`);
    assert.deepEqual(wrong, []);
    await page.close();
  });

  it('is shown as text in the editor’s sidebar and its other tabs', async () => {
    const { page, errors: wrong } = await openEditor(browser, { url: `${rig.live.url}/` });
    await page.evaluate(`RED.sidebar.show('switchboard-messages')`);
    await page.waitForSelector('.switchboard-row');
    for (const name of ['Messages', 'Conversations', 'Endpoints', 'Unknown values', 'Log']) {
      await page.getByRole('tab', { name, exact: false }).first().click();
      await safe(page, name);
    }
    assert.deepEqual(wrong, []);
    await page.close();
  });

  it('is shown as text on the sandbox’s desks', async () => {
    const sandbox = await startSandbox();
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const wrong = scriptErrors(page);
    try {
      for (const text of CORPUS) {
        const row = sandbox.servicenow.create('incident', { short_description: text, description: text });
        sandbox.servicenow.comment('incident', row.sys_id, text, text.slice(0, 40));
        sandbox.servicenow.attach('incident', row.sys_id, text, 'text/plain', Buffer.from('x'));
        const ticket = sandbox.tmf('v4').create({ name: text, description: text, severity: 'Major', ticketType: 'incident' });
        sandbox.tmf('v4').addNote(String(ticket.id), text, text);
        placeOrder(sandbox.servicenow, { short_description: text }, [{ external_id: '1', short_description: text }]);
        const item = { '@type': 'ProductOrderItem', id: '1', action: 'add', productOffering: { id: text, name: text } };
        const order = sandbox.orders('v5').create({ '@type': 'ProductOrder', description: text, productOrderItem: [item] });
        sandbox.orders('v5').addNote(String(order.id), text, text);
      }
      for (const hash of ['tickets', 'orders']) {
        await page.goto(`${sandbox.url}/#${hash}`);
        await page.reload();
        await page.getByText('window.owned').filter({ visible: true }).first().waitFor();
        await safe(page, hash);
      }
      assert.deepEqual(wrong, []);
    } finally {
      await page.close();
      await sandbox.close();
    }
  });
});
