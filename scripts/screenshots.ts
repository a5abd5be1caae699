/**
 * npm run screenshots: builds and starts the product (sandbox and Node-RED with the examples, on free ports, in a temporary
 * folder), performs typical user actions, and writes screenshots to docs/pictures/. Each entry of PICTURES is one screenshot.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchBrowser } from '../test/browser/browser.js';
import { type Product, startProduct } from '../test/live/product.js';

const FOLDER = 'docs/pictures';
const WIDTH = 1280;
/** Maximum file size in kilobytes, to keep the repository and the docs small. */
const MAX_KILOBYTES = 250;

interface Scene {
  product: Product;
  browser: Browser;
}
interface Picture {
  name: string;
  height: number;
  /** The URL to open; `editor`: it is the Node-RED editor. */
  at: (product: Product) => string;
  editor?: boolean;
  /** The actions before the screenshot. */
  act: (page: Page) => Promise<unknown>;
}

const form = (desk: Locator, name: string) => desk.locator(`form[data-form=${name}]`);
const messages = (product: Product) => `${product.url}/switchboard/page`;
const editor = (product: Product) => `${product.url}/`;

const PICTURES: Picture[] = [
  {
    name: 'desks',
    height: 860,
    at: (product) => product.desks,
    async act(page) {
      const [customer, provider] = [page.locator('#customer'), page.locator('#provider')];
      await openTicket(customer, 'Line down in Hamburg', 'No signal since 08:15, both routers.');
      await provider.getByRole('heading', { name: 'Line down in Hamburg' }).waitFor();
      await form(provider, 'state').getByLabel('State').selectOption('inProgress');
      await form(provider, 'state').getByRole('button', { name: 'Change' }).click();
      await customer.locator('.detail .chip', { hasText: 'In Progress' }).waitFor();
      await form(customer, 'comment').getByLabel('Comment').fill('Both routers were restarted, no change.');
      await form(customer, 'comment').getByRole('button', { name: 'Comment', exact: true }).click();
      await provider.locator('.entry', { hasText: 'Both routers' }).waitFor();
      await form(provider, 'comment').getByLabel('Comment').fill('A technician is on the way.');
      await form(provider, 'comment').getByRole('button', { name: 'Comment', exact: true }).click();
      await customer.locator('.entry', { hasText: 'A technician' }).waitFor();
    },
  },
  {
    name: 'order-desks',
    height: 900,
    at: (product) => `${product.desks}/#orders`,
    async act(page) {
      const orders = page.locator('#orders');
      await orders.getByRole('button', { name: 'Place an order' }).click();
      await form(orders, 'open').getByLabel('Short description').fill('New colleague in Hamburg');
      await form(orders, 'open').getByRole('button', { name: 'Place', exact: true }).click();
      const devices = page.locator('#orders4');
      await devices.getByLabel('State of item 1').selectOption('inProgress');
      await orders.locator('tr', { hasText: 'Phone 15' }).locator('.chip', { hasText: 'In progress' }).waitFor();
    },
  },
  { name: 'editor-trouble-ticket', height: 560, at: editor, editor: true, act: (page) => showFlow(page, 'sb1-flow') },
  { name: 'editor-order-fan-out', height: 620, at: editor, editor: true, act: (page) => showFlow(page, 'sb2-flow') },
  { name: 'editor-routing', height: 620, at: editor, editor: true, act: (page) => showFlow(page, 'sb3-flow') },
  {
    name: 'route',
    height: 900,
    at: editor,
    editor: true,
    act: (page) => openDialog(page, 'sb3-route', '.switchboard-route-rule'),
  },
  { name: 'fan-out', height: 820, at: editor, editor: true, act: (page) => openDialog(page, 'sb2-fan', '.switchboard-leg') },
  {
    name: 'endpoint',
    height: 760,
    at: editor,
    editor: true,
    async act(page) {
      await openDialog(page, 'sb1-sn', '.switchboard-test');
      await page.click('.switchboard-test');
      await page.locator('.switchboard-checks .fa-check-circle').first().waitFor();
    },
  },
  {
    name: 'mapping-designer',
    height: 820,
    at: editor,
    editor: true,
    async act(page) {
      await page.evaluate(`RED.editor.editConfig('', 'switchboard-mapping', '_ADD_')`);
      await page.waitForFunction('document.querySelectorAll("#node-config-input-preset option").length > 1');
      await page.selectOption('#node-config-input-preset', { label: 'ServiceNow incident' });
      await page.click('#switchboard-mapping-load');
      await page.waitForSelector('.switchboard-rule');
      await page.locator('.switchboard-rule').first().click();
    },
  },
  {
    name: 'new-connection',
    height: 760,
    at: editor,
    editor: true,
    async act(page) {
      await page.click('#red-ui-header-button-sidemenu');
      await page.click('#switchboard-new-connection');
      await page.waitForSelector('.switchboard-wizard-scenario:visible');
      await page.click('#switchboard-wizard-next');
      await page.waitForSelector('.switchboard-wizard-party');
    },
  },
  {
    name: 'messages',
    height: 760,
    at: messages,
    async act(page) {
      await page.locator('.switchboard-row', { hasText: 'Delivered' }).filter({ hasText: 'Line down' }).last().click();
      await page.locator('.switchboard-pane-detail h2, .switchboard-pane-detail h3').first().waitFor();
    },
  },
  {
    name: 'conversation',
    height: 860,
    at: messages,
    async act(page) {
      await page.locator('[data-section=conversations]').click();
      await page.getByText('Line down in Hamburg').first().click();
      await page.locator('svg, .switchboard-lanes').first().waitFor();
    },
  },
];

async function openTicket(customer: Locator, title: string, text: string): Promise<void> {
  await customer.getByRole('button', { name: 'Open a ticket' }).click();
  await form(customer, 'open').getByLabel('Short description').fill(title);
  await form(customer, 'open').getByLabel('Description', { exact: true }).fill(text);
  await form(customer, 'open').getByRole('button', { name: 'Open', exact: true }).click();
}

async function showFlow(page: Page, tab: string): Promise<void> {
  await page.evaluate(`RED.workspaces.show(${JSON.stringify(tab)})`);
  await page.waitForFunction(`RED.workspaces.active() === ${JSON.stringify(tab)}`);
  // Only Node-RED 5 can zoom to fit.
  await page.evaluate(`{ const fit = RED.actions.list().some(({ id }) => id === 'core:zoom-fit');
    RED.actions.invoke(fit ? 'core:zoom-fit' : 'core:zoom-out'); }`);
}

async function openDialog(page: Page, id: string, has: string): Promise<void> {
  await page.evaluate(`{ const node = RED.nodes.node(${JSON.stringify(id)});
    if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id);
    else { RED.workspaces.show(node.z); RED.editor.edit(node); } }`);
  await page.waitForSelector(has);
}

async function open({ browser, product }: Scene, picture: Picture): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: picture.height }, colorScheme: 'light' });
  page.setDefaultTimeout(15_000);
  await page.addInitScript(() => localStorage.setItem('view-dark-theme', 'light'));
  await page.goto(picture.at(product));
  if (picture.editor) {
    await page.waitForSelector('#red-ui-palette-container .red-ui-palette-node');
    await page.waitForFunction('typeof RED !== "undefined" && !document.querySelector("#red-ui-loading-progress")?.offsetParent');
    await page.waitForFunction(`RED.nodes.node('sb2-fan')`);
    // Close the sidebar to make room.
    await page.evaluate(`RED.actions.invoke('core:toggle-sidebar', false)`);
  }
  return page;
}

async function take(scene: Scene, picture: Picture): Promise<void> {
  const page = await open(scene, picture);
  await picture.act(page);
  // Wait until requests and animations are finished.
  await page.waitForLoadState('networkidle').catch(() => undefined);
  await page.waitForFunction(
    'document.getAnimations().every((animation) => animation.playState !== "running" || animation.effect.getTiming().iterations === Infinity)',
  );
  const path = join(FOLDER, `${picture.name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  const kilobytes = Math.round(statSync(path).size / 1024);
  console.log(`${path} ${kilobytes} KB`);
  if (kilobytes > MAX_KILOBYTES) throw new Error(`${path} is larger than ${MAX_KILOBYTES} KB.`);
  await page.close();
}

async function main(): Promise<void> {
  const built = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  if (built.status !== 0) process.exit(built.status ?? 1);
  mkdirSync(FOLDER, { recursive: true });
  const product = await startProduct();
  const browser = await launchBrowser();
  const only = process.argv.slice(2);
  try {
    for (const picture of PICTURES)
      if (only.length === 0 || only.includes(picture.name)) await take({ product, browser }, picture);
  } finally {
    await browser.close();
    await product.remove();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
