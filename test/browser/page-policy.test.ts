import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { until } from '../live/node-red.js';
import { type Product, startProduct } from '../live/product.js';
import { chromiumPath } from './browser.js';
import { closePages, sharedBrowser } from './shared-browser.js';

/** The content security policy blocks injected code, and nothing that the pages do themselves. */
describe('the content security policy', () => {
  let browser: Browser;
  let product: Product;
  before(async function () {
    if (!chromiumPath()) return this.skip();
    product = await startProduct();
    browser = await sharedBrowser();
  });
  after(async () => {
    await closePages(browser);
    await product?.remove();
  });

  /** Opens a page and collects its policy violations. */
  const open = async (url: string): Promise<{ page: Page; stopped: string[] }> => {
    const page = await browser.newPage();
    const stopped: string[] = [];
    await page.exposeFunction('stopped', (what: string) => stopped.push(what));
    await page.addInitScript(
      "addEventListener('securitypolicyviolation', (e) => stopped(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample))",
    );
    await page.goto(url);
    return { page, stopped };
  };

  it('blocks nothing on the sandbox page', async () => {
    const { page, stopped } = await open(product.desks);
    const customer = page.locator('#customer');
    await customer.getByRole('button', { name: 'Open a ticket' }).click();
    await customer.getByLabel('Short description').fill('No dial tone');
    await customer.getByRole('button', { name: 'Open', exact: true }).click();
    await page.locator('#provider').getByRole('heading', { name: 'No dial tone' }).waitFor();
    await page.click('nav a[href="#orders"]');
    await page.waitForSelector('#view-orders:not([hidden])');
    assert.deepEqual(stopped, []);
    await page.close();
  });

  it('blocks nothing on the operator page, in any view', async () => {
    const { page, stopped } = await open(`${product.url}/switchboard/page`);
    const tabs = page.locator('[role=tab]');
    await page.waitForSelector('.switchboard-row');
    assert.ok((await tabs.count()) >= 4);
    for (const tab of await tabs.all()) {
      await tab.click();
      const row = page.locator('.switchboard-row:visible').first();
      if (await row.count()) await row.click();
    }
    assert.deepEqual(stopped, []);
    await page.close();
  });

  it('blocks an injected script', async () => {
    for (const url of [`${product.url}/switchboard/page`, product.desks]) {
      const { page, stopped } = await open(url);
      await page.evaluate(() => {
        document.body.insertAdjacentHTML('beforeend', '<img src="x" onerror="document.title = 1">');
        const script = document.createElement('script');
        script.textContent = 'document.title = 2';
        document.body.append(script);
      });
      await until('both to be stopped', () => stopped.filter((what) => what.startsWith('script-src')).length === 2);
      assert.ok(!['1', '2'].includes(await page.title()));
      await page.close();
    }
  });
});
