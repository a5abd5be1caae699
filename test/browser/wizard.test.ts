import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { placeOrder } from '../../src/sandbox/servicenow-orders.js';
import { until } from '../live/node-red.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, NODE_RED, openEditor, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

describe(`New connection in Node-RED ${NODE_RED.version}`, () => {
  let sandbox: Sandbox;
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    sandbox = await startSandbox();
    server = await startEditor();
    browser = await sharedBrowser();
    ({ page, errors } = await openEditor(browser, server));
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
    await sandbox?.close();
  });

  const next = () => page.click('#switchboard-wizard-next');
  const shot = (name: string) =>
    process.env.SCREENSHOTS && page.screenshot({ path: `${process.env.SCREENSHOTS}/wizard-${name}-${NODE_RED.version}.png` });

  /** Starts the wizard from the main menu, as a user does. */
  const begin = async (scenario: string) => {
    await page.click('#red-ui-header-button-sidemenu');
    await page.click('#switchboard-new-connection');
    await page.waitForSelector('.switchboard-wizard-scenario:visible');
    await page.getByText(scenario, { exact: true }).click();
    await shot(`what-${scenario.slice(0, 5)}`);
    await next();
    await page.waitForSelector('.switchboard-wizard-party');
  };
  const party = (role: string) =>
    page.locator('.switchboard-wizard-party', { has: page.locator(`legend:text("${role}")`) }).last();
  const fill = async (role: string, fields: Record<string, string>) => {
    const form = party(role);
    for (const [name, value] of Object.entries(fields)) {
      const input = form.locator(`[id$="-${name}"]`);
      if ((await input.evaluate((element) => element.tagName)) === 'SELECT') await input.selectOption(value);
      else await input.fill(value);
    }
  };
  const serviceNow = () => ({
    baseUrl: `${sandbox.url}/servicenow`,
    user: sandbox.environment.SANDBOX_SERVICENOW_USER!,
    password: sandbox.environment.SANDBOX_SERVICENOW_PASSWORD!,
  });
  const oauth = () => ({
    tokenUrl: `${sandbox.url}/oauth/token`,
    clientId: sandbox.environment.SANDBOX_TMF_CLIENT_ID!,
    clientSecret: sandbox.environment.SANDBOX_TMF_CLIENT_SECRET!,
  });
  const tested = () => page.waitForSelector('#switchboard-wizard-next:not(:disabled)');
  /** URLs and secrets on the last page, in order. */
  const given = () => page.locator('.switchboard-wizard-webhook dd').allInnerTexts();
  const deploy = async () => {
    await page.click('#red-ui-header-button-deploy');
    await page.waitForFunction('!RED.nodes.dirty()');
  };
  /** The names of the shown flow, and its nodes that overlap as the editor draws them. */
  const flow = () =>
    page.evaluate(`(() => {
      const z = RED.workspaces.active();
      const nodes = RED.nodes.filterNodes({ z });
      const overlap = (a, b) => Math.abs(a.x - b.x) < (a.w + b.w) / 2 && Math.abs(a.y - b.y) < (a.h + b.h) / 2;
      const overlapping = nodes.flatMap((a, i) => nodes.slice(i + 1).filter((b) => overlap(a, b)).map((b) => a.name + ' ' + b.name));
      return { tab: RED.nodes.workspace(z).label, comment: nodes.find((n) => n.type === 'comment').name, overlapping };
    })()`) as Promise<{ tab: string; comment: string; overlapping: string[] }>;
  const settle = () => page.waitForSelector('.red-ui-tray', { state: 'detached' });

  it('shows missing and invalid values at the field, and reports a partner that rejects the login', async () => {
    await begin('Trouble ticket');
    await next();
    const address = party('Customer').locator('[id$="-baseUrl"]');
    assert.equal(await address.getAttribute('title'), 'A value is required');
    await address.fill('acme');
    assert.match((await address.getAttribute('title')) ?? '', /https:/);
    await fill('Customer', { name: 'Acme', ...serviceNow(), password: 'wrong' });
    assert.equal(await address.getAttribute('aria-invalid'), 'false');
    await fill('Provider', { name: 'North', system: 'tmf621 v4', baseUrl: 'http://127.0.0.1:9', ...oauth() });
    await next();
    await tested();
    assert.equal(await page.locator('#switchboard-wizard-next').innerText(), 'Create anyway');
    await shot('refused');
    await page.click('#switchboard-wizard-back');
    assert.equal(await party('Customer').locator('[id$="-name"]').inputValue(), 'Acme', 'the input is kept');
    await page.click('#switchboard-wizard-cancel');
    await settle();
    assert.equal(await page.evaluate('RED.nodes.dirty()'), false, 'no flow was created');
  });

  it('creates a ticket flow that works after deploy: an incident reaches the provider and its number comes back', async () => {
    await begin('Trouble ticket');
    await fill('Customer', { name: 'Acme', ...serviceNow() });
    await fill('Provider', { name: 'North', system: 'tmf621 v4', baseUrl: `${sandbox.url}/tmf4`, ...oauth() });
    await shot('who');
    await next();
    await tested();
    await shot('tested');
    assert.equal(await page.locator('#switchboard-wizard-next').innerText(), 'Create flow');
    await next();
    const [address, secret] = await given();
    await shot('done');
    await next();
    await settle();
    sandbox.servicenow.webhook = { url: address!, secret: secret!, retries: 50 };
    assert.deepEqual(await page.evaluate('RED.nodes.filterNodes({}).filter((n) => !n.valid).map((n) => n.type)'), []);
    await shot('flow');
    await deploy();
    await until('the hub registration', () => sandbox.tmf('v4').hubs().length === 1);
    sandbox.servicenow.create('incident', {
      short_description: 'Created by the wizard',
      description: 'It works',
      impact: '2',
      urgency: '2',
    });
    const ticket = await until('the ticket', () =>
      sandbox
        .tmf('v4')
        .tickets()
        .find(({ name }) => name === 'Created by the wizard'),
    );
    await until('its number at the customer', () =>
      sandbox.servicenow
        .rows('incident')
        .find((row) => row.short_description === 'Created by the wizard' && row.correlation_display === ticket.id),
    );
  });

  it('creates an order flow for any number of vendors; the one without categories gets the remaining items', async () => {
    await begin('Order with several vendors');
    await fill('Customer', { endpoint: '', name: 'Acme orders', ...serviceNow() });
    await fill('Vendor', { name: 'Devices', system: 'tmf622 v4', baseUrl: `${sandbox.url}/orders4`, ...oauth() });
    await page.click('.switchboard-wizard-add');
    await fill('Vendor', {
      name: 'Mobile',
      system: 'tmf622 v5',
      baseUrl: `${sandbox.url}/orders5`,
      ...oauth(),
      takes: 'connectivity',
    });
    await shot('order');
    await next();
    await tested();
    await next();
    const [address, secret] = await given();
    await next();
    await settle();
    await shot('order-flow');
    await deploy();
    sandbox.servicenow.webhooks = [
      { url: address!, secret: secret!, retries: 50, tables: ['sn_ind_tmt_orm_order', 'sn_ind_tmt_orm_order_line_item'] },
    ];
    const line = (external_id: string, category: string, name: string) => {
      const { sys_id } = sandbox.servicenow.create('sn_prd_pm_product_offering', { name });
      return { external_id, category, quantity: '1', action: 'add', product_offering: sys_id };
    };
    placeOrder(sandbox.servicenow, { short_description: 'New colleague', order_currency: 'EUR' }, [
      line('1', 'connectivity', 'SIM 5G'),
      line('2', 'device', 'Phone 15'),
    ]);
    await until('the SIM at the mobile vendor', () => sandbox.orders('v5').orders().length === 1);
    await until('the phone at the device vendor', () => sandbox.orders('v4').orders().length === 1);
  });

  it('refuses a second flow for an endpoint whose updates a flow receives already, and says what to do', async () => {
    await begin('Trouble ticket');
    await fill('Customer', { endpoint: '', name: 'Globex', ...serviceNow(), baseUrl: `${sandbox.url}/globex` });
    const north = await party('Provider').locator('[id$="-endpoint"] option', { hasText: 'North' }).getAttribute('value');
    await fill('Provider', { endpoint: north! });
    await next();
    const alert = await page.locator('.switchboard-wizard-error').innerText();
    assert.match(alert, /North is already connected in the flow “Acme ↔ North”/);
    assert.match(alert, /choose “Several customers and providers”/);
    await page.click('#switchboard-wizard-cancel');
    await settle();
  });

  it('treats a new endpoint with the base URL of an existing one like that one', async () => {
    await begin('Trouble ticket');
    await fill('Customer', { endpoint: '', name: 'Globex', ...serviceNow(), baseUrl: `${sandbox.url}/globex` });
    const spelledOtherwise = `${sandbox.url.replace('http:', 'HTTP:')}/tmf4/`;
    await fill('Provider', { endpoint: '', name: 'Twin', system: 'tmf621 v4', baseUrl: spelledOtherwise, ...oauth() });
    await next();
    const alert = page.locator('.switchboard-wizard-error');
    assert.match(
      await alert.innerText(),
      /Twin has the same base URL as the existing endpoint “North”\. North is already connected in the flow “Acme ↔ North”/,
    );
    await fill('Provider', { baseUrl: `${sandbox.url}/north`, name: 'globex' });
    await next();
    assert.match(await alert.innerText(), /Two parties have the name Globex/);
    await page.click('#switchboard-wizard-cancel');
    await settle();
    await begin('Several customers and providers');
    await fill('Customer', { endpoint: '', name: 'Globex', ...serviceNow(), baseUrl: `${sandbox.url}/globex` });
    await page.locator('.switchboard-wizard-add').first().click();
    await fill('Customer', { endpoint: '', name: 'Initech', ...serviceNow(), baseUrl: `${sandbox.url}/globex/` });
    await fill('Provider', { endpoint: '', name: 'South', system: 'tmf621 v5', baseUrl: `${sandbox.url}/south`, ...oauth() });
    await next();
    assert.match(await alert.innerText(), /Globex and Initech use the same endpoint, or the same base URL/);
    await page.click('#switchboard-wizard-cancel');
    await settle();
  });

  it('creates one flow for several customers and providers, and adds a provider to it; both work after deploy', async () => {
    const { customers, providers } = sandbox.routed;
    await begin('Several customers and providers');
    await fill('Customer', { endpoint: '', name: 'Globex', ...serviceNow(), baseUrl: `${sandbox.url}/globex` });
    await page.locator('.switchboard-wizard-add').first().click();
    await fill('Customer', {
      endpoint: '',
      name: 'Initech Worldwide (ServiceNow)',
      ...serviceNow(),
      baseUrl: `${sandbox.url}/initech`,
    });
    await fill('Provider', { endpoint: '', name: 'South', system: 'tmf621 v5', baseUrl: `${sandbox.url}/south`, ...oauth() });
    await shot('routing');
    await next();
    await tested();
    await next();
    const [globex, secretOfGlobex, initech, secretOfInitech] = await given();
    await next();
    await settle();
    await shot('routing-flow');
    assert.deepEqual(await flow(), {
      tab: 'Globex, Initech Worldwide (ServiceNow) ↔ South',
      comment: 'Connects Globex, Initech Worldwide (ServiceNow) with South: each case only with its own parties',
      overlapping: [],
    });
    customers.globex.webhook = { url: globex!, secret: secretOfGlobex!, retries: 50 };
    customers.initech.webhook = { url: initech!, secret: secretOfInitech!, retries: 50 };

    // Whatever tab is shown.
    await page.evaluate(`RED.workspaces.show('tab')`);
    await begin('One more provider');
    await fill('Provider', {
      endpoint: '',
      name: 'West',
      system: 'tmf621 v5',
      baseUrl: `${sandbox.url}/south/`,
      ...oauth(),
    });
    await next();
    assert.match(
      await page.locator('.switchboard-wizard-error').innerText(),
      /West has the same base URL as the existing endpoint “South”\. South is already a party of this flow/,
    );
    await fill('Provider', {
      system: 'tmf621 v4',
      baseUrl: `${sandbox.url}/north`,
      ...oauth(),
      takes: 'network',
    });
    await shot('one-more');
    await next();
    await tested();
    assert.equal(await page.locator('#switchboard-wizard-next').innerText(), 'Add to flow');
    await next();
    await page.getByText('West has been added to the flow').waitFor();
    await next();
    await settle();
    await shot('one-more-flow');
    assert.deepEqual(await flow(), {
      tab: 'Globex, Initech Worldwide (ServiceNow) ↔ South, West',
      comment: 'Connects Globex, Initech Worldwide (ServiceNow) with South, West: each case only with its own parties',
      overlapping: [],
    });
    const heights = await page.evaluate(
      `['switchboard-map', 'debug'].map((type) => RED.nodes.filterNodes({ type })
        .filter((n) => n.z === RED.workspaces.active()).map((n) => n.y))`,
    );
    const [rows, debug] = heights as number[][];
    assert.ok(Math.max(...rows!) < Math.min(...debug!), 'the new party is above what was below the others');
    assert.deepEqual(await page.evaluate('RED.nodes.filterNodes({}).filter((n) => !n.valid).map((n) => n.type)'), []);
    const wires = await page.evaluate(
      `(() => { const route = RED.nodes.filterNodes({ type: 'switchboard-route' })[0];
        return RED.nodes.filterLinks({ source: route }).sort((a, b) => a.sourcePort - b.sourcePort).map((l) => l.target.name); })()`,
    );
    const places = await page.evaluate(
      `(() => { const route = RED.nodes.filterNodes({ type: 'switchboard-route' })[0];
        const west = RED.nodes.filterNodes({}).filter((n) => n.name.includes('West') && n.type !== 'comment');
        return [RED.workspaces.active() === route.z, west.map((n) => n.z === route.z)]; })()`,
    );
    assert.deepEqual(places, [true, [true, true, true]], 'the nodes are on the tab of the flow, which is shown');
    assert.deepEqual(wires, ['to Globex', 'to Initech Worldwide (ServiceNow)', 'to South', 'to West', 'no match']);
    await deploy();
    for (const desk of Object.values(providers)) await until('the hub registration', () => desk.hubs().length === 1);
    customers.globex.create('incident', { short_description: 'globex network', description: 'x', category: 'network' });
    customers.initech.create('incident', { short_description: 'initech software', description: 'x', category: 'software' });
    const titles = (desk: typeof providers.north) => desk.tickets().map(({ name }) => name);
    await until('both tickets', () => titles(providers.north).length === 1 && titles(providers.south).length === 1);
    assert.deepEqual([titles(providers.north), titles(providers.south)], [['globex network'], ['initech software']]);
    await until('the number at the customer', () =>
      customers.globex.rows('incident').some((row) => row.correlation_display === providers.north.tickets()[0]!.id),
    );
  });

  it('can also be started from the empty message list', async () => {
    // Of another Node-RED, which has not received any messages.
    const empty = await startEditor();
    try {
      const { page: fresh } = await openEditor(browser, empty);
      await fresh.evaluate('RED.actions.invoke("switchboard:show-messages")');
      await fresh.getByRole('button', { name: 'Connect two partners' }).click();
      await fresh.waitForSelector('.switchboard-wizard-scenario:visible');
      await fresh.close();
    } finally {
      await empty.stop();
    }
  });

  it('is undone in one step', async () => {
    const undo = () => page.evaluate('RED.actions.invoke("core:undo")');
    await undo();
    const [parties, last, types] = (await page.evaluate(
      `(() => { const route = RED.nodes.filterNodes({ type: 'switchboard-route' })[0];
        const links = RED.nodes.filterLinks({ source: route }).sort((a, b) => a.sourcePort - b.sourcePort);
        const last = links.at(-1);
        const types = RED.nodes.filterNodes({ z: route.z }).filter((n) => n.name.includes('West')).map((n) => n.type);
        return [route.parties.length, [Number(last.sourcePort), last.target.name], types]; })()`,
    )) as [number, unknown, string[]];
    assert.deepEqual([parties, last, types], [3, [3, 'no match'], []], 'the party that was added');
    assert.equal((await flow()).tab, 'Globex, Initech Worldwide (ServiceNow) ↔ South', 'the name of the tab');
    await undo();
    assert.equal(await page.evaluate('RED.nodes.filterNodes({ type: "switchboard-route" }).length'), 0);
    await undo();
    assert.equal(await page.evaluate('RED.nodes.filterNodes({ type: "switchboard-fan-out" }).length'), 0);
    assert.deepEqual(errors, []);
  });
});
