import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { type Product, startProduct } from '../live/product.js';
import { closePages, sharedBrowser } from './shared-browser.js';

/** Text that would run if it were treated as HTML. */
const NASTY = '<img src=x onerror="document.title=\'hit\'">';

describe('the sandbox desks', () => {
  let browser: Browser;
  let product: Product;
  let page: Page;
  let customer: Locator;
  let provider: Locator;
  const errors: string[] = [];
  before(async () => {
    product = await startProduct();
    browser = await sharedBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(product.desks);
    customer = page.locator('#customer');
    provider = page.locator('#provider');
  });
  after(async () => {
    await closePages(browser);
    await product?.remove();
  });
  const form = (desk: Locator, name: string) => desk.locator(`form[data-form=${name}]`);

  it('shows a ticket that was opened at the customer at the provider', async () => {
    await customer.getByRole('button', { name: 'Open a ticket' }).click();
    await form(customer, 'open').getByLabel('Short description').fill(`No dial tone ${NASTY}`);
    await form(customer, 'open').getByLabel('Description', { exact: true }).fill('Since 8 o’clock.');
    await form(customer, 'open').getByRole('button', { name: 'Open', exact: true }).click();
    await provider.getByRole('heading', { name: `No dial tone ${NASTY}` }).waitFor();
    await provider.getByText('Since 8 o’clock.').waitFor();
    await customer.locator('.meta', { hasText: '⇄ TT-' }).waitFor();
  });

  it('passes comments both ways and keeps work notes internal', async () => {
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

  it('shows a state change at the provider at the customer', async () => {
    await form(provider, 'state').getByLabel('State').selectOption('inProgress');
    await form(provider, 'state').getByRole('button', { name: 'Change' }).click();
    await customer.locator('.detail .chip', { hasText: 'In Progress' }).waitFor();
  });

  it('passes attachments from either side', async () => {
    const file = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from('hello') });
    await customer.getByLabel('Attach a file').setInputFiles(file('line.txt'));
    await provider.locator('.files', { hasText: 'line.txt' }).waitFor();
    await provider.getByLabel('Attach a file').setInputFiles(file(`${NASTY.replaceAll('/', '')}.txt`));
    // Characters that Windows reserves are replaced on the way.
    await customer.locator('.files', { hasText: 'img src=x' }).waitFor();
  });

  it('has a separate orders view: placed at the customer, processed at the vendors', async () => {
    await page.getByRole('link', { name: 'Orders' }).click();
    assert.equal(new URL(page.url()).hash, '#orders');
    const [orders, mobile, devices] = ['#orders', '#orders5', '#orders4'].map((id) => page.locator(id)) as [
      Locator,
      Locator,
      Locator,
    ];
    await orders.getByRole('button', { name: 'Place an order' }).click();
    await form(orders, 'open').getByLabel('Short description').fill(`For Ann ${NASTY}`);
    await form(orders, 'open').getByLabel('Delivery').selectOption('0');
    await form(orders, 'open').getByRole('button', { name: 'Place', exact: true }).click();
    const line = (name: string) => orders.locator('tr', { hasText: name });
    const state = (at: Locator, name: string) => at.locator('.chip', { hasText: name }).first().waitFor();
    await line('SIM 5G').getByText('PO-').waitFor();
    await line('Phone 15').getByText('PO-').waitFor();
    assert.equal(await orders.locator('tbody tr').count(), 3);
    await orders.getByText('All 3 items agree').waitFor();

    for (const vendor of [mobile, devices]) await vendor.getByRole('heading', { name: `For Ann ${NASTY}` }).waitFor();
    assert.deepEqual(await mobile.locator('tbody tr td:nth-child(2)').allTextContents(), ['SIM 5G']);
    assert.deepEqual(await devices.locator('tbody tr td:nth-child(2)').allTextContents(), ['Phone 15', 'Cover 15']);
    await devices.getByLabel('State of item 1').selectOption('inProgress');
    await state(devices.locator('tr', { hasText: 'Phone 15' }), 'In progress');
    await state(line('Phone 15'), 'In progress');
    await form(devices, 'comment').getByLabel('Comment').fill(`Which colour? ${NASTY}`);
    await form(devices, 'comment').getByRole('button', { name: 'Request information' }).click();
    await state(devices.locator('.detail'), 'Pending');
    await orders.locator('.entry', { hasText: `Which colour? ${NASTY}` }).waitFor();
    await form(devices, 'state').getByLabel('State').selectOption('inProgress');
    await form(devices, 'state').getByRole('button', { name: 'Change' }).click();
    await state(devices.locator('.detail'), 'In progress');
    await orders.getByLabel('Another item').selectOption('Cover 15');
    await form(orders, 'line').getByLabel('Quantity').selectOption('2');
    await orders.getByRole('button', { name: 'Add line' }).click();
    await devices.locator('tbody tr:nth-child(3)').getByText('Cover 15').waitFor();
    await orders.getByLabel('Quantity of line 4').selectOption('3');
    await devices.locator('tbody tr:nth-child(3)', { hasText: '3' }).waitFor();
    await orders.getByRole('button', { name: 'Cancel line 4, Cover 15' }).click();
    await state(devices.locator('tbody tr:nth-child(3)'), 'Cancelled');
    await orders.getByText('All 4 items agree').waitFor();
    await devices.getByLabel('Auto-advance').check();
    await state(line('Cover 15'), 'Completed');
    await orders.getByText('All 4 items agree').waitFor();

    await orders.getByRole('button', { name: 'Cancel order' }).click();
    await mobile.locator('.asked').getByRole('button', { name: 'Accept' }).click();
    await state(mobile.locator('.detail'), 'Cancelled');
    await state(line('SIM 5G'), 'Canceled');
    const shots = process.env.SCREENSHOTS;
    if (shots) await page.screenshot({ path: join(shots, 'sandbox-orders.png') });
    await page.goto(`${product.desks}/#tickets`);
    await customer.waitFor();
    assert.ok(!(await orders.isVisible()));
  });

  it('shows at a glance which item of an order is not right, and what a vendor added', async () => {
    await page.goto(`${product.desks}/#orders`);
    const [orders, devices] = [page.locator('#orders'), page.locator('#orders4')];
    await devices.getByLabel('Auto-advance').uncheck();
    await devices.getByText('What it makes of orders').click();
    for (const name of ['Adds a fee', 'Gives items ids of its own']) await devices.getByLabel(name).check();
    await devices.getByText('2 changed').waitFor();
    await orders.getByRole('button', { name: 'Place an order' }).click();
    await form(orders, 'open').getByLabel('Short description').fill('For Bob');
    await form(orders, 'open').getByRole('button', { name: 'Place', exact: true }).click();
    await orders.getByText('1 of 4 items under way, all others agree').waitFor();
    await orders.locator('.additions tr', { hasText: 'Handling fee' }).getByText('4.90 EUR net').waitFor();

    // The customer's system says something that is not so, and whatever is between them does not hear of it.
    const act = (path: string, values: object) =>
      fetch(`${product.desks}/_sandbox/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(values),
      });
    const { customer: now } = await (await fetch(`${product.desks}/_sandbox/state`)).json();
    const table = 'sn_ind_tmt_orm_order_line_item';
    await act('servicenow/fault', { kind: 'status', status: '503', times: '1000' });
    await act('servicenow/update', { table, id: now.orders[0].items[0].id, state: 'completed' });
    await orders.getByText('1 of 4 items differs').waitFor();
    assert.equal(await orders.locator('tr.different').count(), 1);
    await orders.locator('tr.different', { hasText: 'Phone 15' }).getByText('Acknowledged').waitFor();
    for (const width of [1280, 800]) {
      await page.setViewportSize({ width, height: 900 });
      const fits = await page.evaluate(
        '[...document.querySelectorAll("#view-orders, #orders .wide, #orders4 .detail")].every((e) => e.scrollWidth <= e.clientWidth)',
      );
      assert.ok(fits, `nothing is cut off at ${width} pixels`);
      if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `orders-${width}.png`) });
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await act('servicenow/clearFaults', {});
    await act('orders4/clearBehaviours', {});
    await devices.getByText('2 changed').waitFor({ state: 'detached' });
    await page.goto(`${product.desks}/#tickets`);
  });

  it('has a routing view: a network ticket of one customer appears at its provider, and at no other desk', async () => {
    await page.getByRole('link', { name: 'Routing' }).click();
    const [globex, north] = [page.locator('#globex'), page.locator('#north')];
    await globex.getByRole('button', { name: 'Open a ticket' }).click();
    await form(globex, 'open').getByLabel('Short description').fill('Line down');
    await form(globex, 'open').getByLabel('Category').selectOption('network');
    await form(globex, 'open').getByRole('button', { name: 'Open', exact: true }).click();
    await north.getByRole('heading', { name: 'Line down' }).waitFor();
    await globex.locator('.meta', { hasText: '⇄ TT-' }).waitFor();
    for (const other of ['acme', 'initech', 'south']) assert.equal(await page.locator(`#${other} .ticket`).count(), 0);
    await page.setViewportSize({ width: 1280, height: 800 });
    for (const section of ['acme', 'globex', 'initech', 'north', 'south']) {
      const box = await page.locator(`#${section} .detail`).boundingBox();
      assert.ok((box?.height ?? 0) > 180, `the ticket at ${section} can be read`);
    }
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/routing-desks.png` });
    await page.getByRole('link', { name: 'Trouble tickets' }).click();
  });

  it('switches partner behaviours and shows which are on', async () => {
    const behaviour = provider.getByLabel('Behaviour of this partner');
    const now = async () => (await (await fetch(`${product.desks}/_sandbox/state`)).json()).providers.v4.behaviours;
    await behaviour.selectOption({ label: 'the list wrapped in an object' });
    await provider.getByText('changed for reading a list').waitFor();
    assert.deepEqual(await now(), [{ kind: 'list', name: 'wrapped', ms: 10_000 }]);
    assert.equal(await behaviour.inputValue(), 'list:wrapped');
    await behaviour.selectOption('');
    await provider.getByText('changed for reading a list').waitFor({ state: 'detached' });
    assert.deepEqual(await now(), []);
  });

  it('shows ticket text as text, without errors on the page', async () => {
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
