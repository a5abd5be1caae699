import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { type Product, startProduct } from '../live/product.js';
import { launchBrowser } from './browser.js';

/** Text that would run if it were taken for HTML. */
const NASTY = '<img src=x onerror="document.title=\'hit\'">';

describe('both desks side by side', () => {
  let browser: Browser;
  let product: Product;
  let page: Page;
  let customer: Locator;
  let provider: Locator;
  const errors: string[] = [];
  before(async () => {
    product = await startProduct();
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(product.desks);
    customer = page.locator('#customer');
    provider = page.locator('#provider');
  });
  after(async () => {
    await browser?.close();
    await product?.remove();
  });
  const form = (desk: Locator, name: string) => desk.locator(`form[data-form=${name}]`);

  it('a person opens a ticket at the customer’s and sees it at the provider’s', async () => {
    await customer.getByRole('button', { name: 'Open a ticket' }).click();
    await form(customer, 'open').getByLabel('Short description').fill(`No dial tone ${NASTY}`);
    await form(customer, 'open').getByLabel('Description', { exact: true }).fill('Since 8 o’clock.');
    await form(customer, 'open').getByRole('button', { name: 'Open', exact: true }).click();
    await provider.getByRole('heading', { name: `No dial tone ${NASTY}` }).waitFor();
    await provider.getByText('Since 8 o’clock.').waitFor();
    await customer.locator('.meta', { hasText: '⇄ TT-' }).waitFor();
  });

  it('comments both ways; a work note stays inside', async () => {
    await form(customer, 'comment').getByLabel('Comment').fill(`Any news? ${NASTY}`);
    await form(customer, 'comment').getByRole('button', { name: 'Comment', exact: true }).click();
    await provider.locator('.entry', { hasText: `Any news? ${NASTY}` }).waitFor();
    await form(customer, 'comment').getByLabel('Comment').fill('the caller is upset');
    await form(customer, 'comment')
      .getByRole('button', { name: /Work note/ })
      .click();
    await customer.locator('.entry.internal', { hasText: 'the caller is upset' }).waitFor();
    await form(provider, 'comment').getByLabel('Comment').fill('On our way');
    await form(provider, 'comment').getByRole('button', { name: 'Comment', exact: true }).click();
    await customer.locator('.entry', { hasText: 'On our way' }).waitFor();
    assert.equal(await provider.getByText('the caller is upset').count(), 0);
  });

  it('changes the state at the provider’s and sees it at the customer’s', async () => {
    await form(provider, 'state').getByLabel('State').selectOption('inProgress');
    await form(provider, 'state').getByRole('button', { name: 'Change' }).click();
    await customer.locator('.detail .chip', { hasText: 'In Progress' }).waitFor();
  });

  it('attaches a file on either side', async () => {
    const file = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from('hello') });
    await customer.getByLabel('Attach a file').setInputFiles(file('line.txt'));
    await provider.locator('.files', { hasText: 'line.txt' }).waitFor();
    await provider.getByLabel('Attach a file').setInputFiles(file(`${NASTY.replaceAll('/', '')}.txt`));
    await customer.locator('.files', { hasText: '<img src=x' }).waitFor();
  });

  it('sees ticket text as text, and no error on the page', async () => {
    assert.equal(await page.title(), 'Switchboard sandbox');
    assert.equal(await page.locator('img').count(), 0);
    assert.deepEqual(errors, []);
    const shots = process.env.SCREENSHOTS;
    if (shots) {
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, 'sandbox.png') });
    }
  });
});
