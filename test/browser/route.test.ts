import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { RouteRule } from '../../src/conversation/route-rules.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { freePort, type Live, startNodeRed, until } from '../live/node-red.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, editNode, NODE_RED, openEditor, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

type FlowNode = { id: string; type: string; [setting: string]: unknown };
interface Route {
  parties: string[];
  rules: RouteRule[];
  otherwise: string;
  outputs: number;
  valid: boolean;
}

const EXAMPLE = (JSON.parse(readFileSync('examples/3-routing.json', 'utf8')) as FlowNode[]).map(
  ({ credentials: _, ...node }) => node as FlowNode,
);

const routeOf = (page: Page, id = 'sb3-route') =>
  page.evaluate(
    `(() => { const { parties, rules, otherwise, outputs, valid } = RED.nodes.node(${JSON.stringify(id)});
      return { parties, rules, otherwise, outputs, valid }; })()`,
  ) as Promise<Route>;
const wiresOf = (page: Page, id = 'sb3-route') =>
  page.evaluate(
    `RED.nodes.filterLinks({ source: RED.nodes.node(${JSON.stringify(id)}) }).map((l) => [Number(l.sourcePort), l.target.name]).sort()`,
  ) as Promise<[number, string][]>;
const done = async (page: Page) => {
  await page.locator('#node-dialog-ok').click();
  await page.waitForSelector('.red-ui-tray', { state: 'detached' });
};
const shot = (page: Page, name: string) =>
  process.env.SCREENSHOTS && page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}-${NODE_RED.version}.png` });

describe(`the route dialog in Node-RED ${NODE_RED.version}`, () => {
  let browser: Browser;
  let server: EditorServer;
  let page: Page;
  let errors: string[];
  before(async function () {
    if (!chromiumPath()) return this.skip();
    browser = await sharedBrowser();
    server = await startEditor({ flow: EXAMPLE, safe: true });
    ({ page, errors } = await openEditor(browser, server));
  });
  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  const parties = () => page.locator('#switchboard-route-parties li');
  const rules = () => page.locator('#switchboard-route-rules .switchboard-route-rule');
  const problems = () => page.locator('#switchboard-route-problems');
  const addTo = (list: string) =>
    page.locator(`${list}`).locator('xpath=..').locator('xpath=..').locator('.red-ui-editableList-addButton');

  it('labels its outputs with the parties', async () => {
    const labels = await page.evaluate(
      `(() => { const n = RED.nodes.node('sb3-route'); return [0, 3, 5].map((i) => n._def.outputLabels.call(n, i)); })()`,
    );
    assert.deepEqual(labels, ['Acme (ServiceNow)', 'North (TMF621 v4)', 'no match']);
  });

  it('adds a rule with conditions, an expression among them, and moves nothing else', async () => {
    await editNode(page, 'sb3-route');
    assert.deepEqual([await parties().count(), await rules().count()], [5, 2]);
    await shot(page, 'route');
    await addTo('#switchboard-route-rules').click();
    const added = rules().nth(1);
    await problems().getByText('Rule 2 leads to no party').waitFor();
    await added.getByLabel('from').selectOption({ label: 'Acme (ServiceNow)' });
    await added.getByLabel('Field').fill('severity');
    await added.getByLabel('Comparison').selectOption('isOneOf');
    await added.getByLabel('Value').fill('critical, major');
    await added.locator('button', { hasText: 'condition' }).click();
    await added.getByLabel('Comparison').nth(1).selectOption('expression');
    await added.getByLabel('Value').nth(1).fill('fields.title =');
    await problems().getByText('An expression of rule 2 is not valid JSONata').waitFor();
    await added.locator('input.input-error').waitFor();
    await added.getByLabel('Value').nth(1).fill("fields.title = 'x'");
    await added.getByLabel('Party that gets the message').selectOption({ label: 'North (TMF621 v4)' });
    await page.waitForFunction(`document.querySelector('#switchboard-route-problems').textContent === ''`);
    await done(page);
    const route = await routeOf(page);
    assert.deepEqual(route.rules[1], {
      from: 'sb3-acme',
      when: [
        { field: 'severity', operator: 'isOneOf', value: 'critical, major' },
        { field: '', operator: 'expression', value: "fields.title = 'x'" },
      ],
      to: ['sb3-north'],
    });
    assert.deepEqual([route.valid, route.outputs], [true, 6]);
  });

  it('numbers its rules, and moves one with its buttons and with Alt and the arrow keys', async () => {
    const from = () =>
      rules()
        .getByLabel('from')
        .evaluateAll((all) => all.map((one) => (one as HTMLSelectElement).value));
    await editNode(page, 'sb3-route');
    assert.deepEqual(await rules().locator('b').allInnerTexts(), ['Rule 1', 'Rule 2', 'Rule 3']);
    assert.ok(await rules().first().getByLabel('Move the rule up').isDisabled());
    const hint = rules().nth(2).locator('.switchboard-route-notes');
    assert.equal((await from())[1], 'sb3-acme', 'a new rule is above the one for the rest');
    await rules().nth(1).getByLabel('Move the rule down').click();
    assert.equal((await from())[2], 'sb3-acme');
    assert.match(await hint.innerText(), /Without effect: rule 2 takes all these cases/);
    await shot(page, 'route-hint');
    await rules().nth(2).getByLabel('Move the rule up').click();
    assert.equal((await from())[1], 'sb3-acme');
    assert.deepEqual(await rules().locator('b').allInnerTexts(), ['Rule 1', 'Rule 2', 'Rule 3']);
    await page.keyboard.press('Enter');
    assert.equal((await from())[0], 'sb3-acme', 'the button keeps the focus');
    await rules().first().getByLabel('Field').focus();
    await page.keyboard.press('Alt+ArrowDown');
    assert.equal((await from())[1], 'sb3-acme');
    await page.keyboard.press('Alt+ArrowDown');
    await done(page);
    assert.equal((await routeOf(page)).rules[2]?.from, 'sb3-acme');
  });

  it('keeps a rule that is dragged right after one of its fields was changed', async () => {
    await editNode(page, 'sb3-route');
    const field = rules().first().getByLabel('Value').first();
    await field.click();
    await field.press('End');
    await page.keyboard.type('x');
    const handle = page.locator('#switchboard-route-rules .red-ui-editableList-item-handle');
    const [from, to] = [await handle.first().boundingBox(), await handle.nth(1).boundingBox()];
    await page.mouse.move(from!.x + 4, from!.y + 4);
    await page.mouse.down();
    await page.mouse.move(from!.x + 4, from!.y + 20);
    await page.mouse.move(to!.x + 4, to!.y + 60, { steps: 8 });
    // As when the field loses the focus meanwhile.
    await field.dispatchEvent('change');
    await page.mouse.up();
    assert.deepEqual(await rules().locator('b').allInnerTexts(), ['Rule 1', 'Rule 2', 'Rule 3']);
    const values = rules()
      .getByLabel('Value')
      .evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
    assert.notEqual((await values)[0], 'networkx', 'it was moved');
    assert.ok((await values).includes('networkx'));
    await page.locator('#node-dialog-cancel').click();
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    assert.deepEqual(errors, []);
  });

  it('shows at its rule what is wrong with it, and at a field that does not exist the likely one', async () => {
    await editNode(page, 'sb3-route');
    const [first, third] = [rules().first(), rules().nth(2)];
    await third.getByLabel('Field').fill('fields.severity');
    assert.equal(await third.locator('.switchboard-route-hint').count(), 0, 'not while it is typed');
    await third.getByLabel('Value').first().focus();
    await third.getByText('There is no field "fields.severity" in the generic model. Use instead:').waitFor();
    await problems().getByText('Rule 3 reads "fields.severity"').waitFor();
    await shot(page, 'route-field');
    await third.getByRole('button', { name: 'severity', exact: true }).click();
    await third.locator('.switchboard-route-hint').waitFor({ state: 'detached' });
    assert.equal(await third.getByLabel('Field').inputValue(), 'severity');
    await first.getByLabel('Value').first().fill('');
    await first.getByText('A condition of rule 1 is incomplete').waitFor();
    assert.equal(await third.locator('.switchboard-route-problems').innerText(), '');
    await page.locator('#node-dialog-cancel').click();
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  });

  it('removes a party: the wires stay with their parties, and the rules that lead to it are reported', async () => {
    await editNode(page, 'sb3-route');
    await parties().nth(3).locator('.red-ui-editableList-item-remove').click();
    await problems().getByText('Rule 1 leads to North (TMF621 v4), which has no row').waitFor();
    await done(page);
    assert.deepEqual(await wiresOf(page), [
      [0, 'to Acme'],
      [1, 'to Globex'],
      [2, 'to Initech'],
      [3, 'to South'],
      [4, 'no match'],
    ]);
    assert.equal((await routeOf(page)).valid, false);
  });

  it('has no output for messages without a match if there is a default party', async () => {
    await editNode(page, 'sb3-route');
    await page.locator('#node-input-otherwise').selectOption({ label: 'South (TMF621 v5)' });
    await done(page);
    const { outputs, otherwise } = await routeOf(page);
    assert.deepEqual([outputs, otherwise], [4, 'sb3-south']);
    assert.deepEqual((await wiresOf(page)).at(-1), [3, 'to South']);
    await editNode(page, 'sb3-route');
    await page.locator('#node-input-otherwise').selectOption('');
    await done(page);
    assert.deepEqual([(await routeOf(page)).outputs, (await wiresOf(page)).length], [5, 4]);
  });

  it('caused no errors in the browser', () => assert.deepEqual(errors, []));
});

describe(`routing with a partner's messages in Node-RED ${NODE_RED.version}`, () => {
  let browser: Browser;
  let sandbox: Sandbox;
  let live: Live;
  let folder: string;
  let page: Page;
  let errors: string[];
  before(async function () {
    if (!chromiumPath()) return this.skip();
    browser = await sharedBrowser();
    sandbox = await startSandbox();
    folder = mkdtempSync(join(tmpdir(), 'switchboard-route-'));
    const flow = JSON.parse(readFileSync('examples/3-routing.json', 'utf8').replaceAll('http://127.0.0.1:1881', sandbox.url));
    live = await startNodeRed({ folder, port: await freePort(), flow, env: sandbox.environment, editor: true });
    const secret = sandbox.environment.SANDBOX_WEBHOOK_SECRET!;
    for (const [name, desk] of Object.entries(sandbox.routed.customers))
      desk.webhook = { url: `${live.url}/switchboard/${name}`, secret, retries: 50 };
    sandbox.routed.customers.acme.create('incident', { short_description: 'Line down', description: 'x', category: 'network' });
    await until('the ticket at North', () => sandbox.routed.providers.north.tickets().length === 1);
    ({ page, errors } = await openEditor(browser, { url: `${live.url}/` }));
  });
  after(async () => {
    await closePages(browser);
    await live?.stop();
    await sandbox?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('shows in the preview where the last messages would go with the rules as edited', async () => {
    await editNode(page, 'sb3-route');
    const row = page.locator('.switchboard-route-table > div', { hasText: 'from Acme' });
    await row.getByText('→ North (TMF621 v4)').waitFor();
    await row.getByText('rule 1').waitFor();
    await page.locator('#switchboard-route-rules').getByLabel('Value').first().fill('hardware');
    await row.getByText('→ South (TMF621 v5)').waitFor();
    await row.getByText('rule 2').waitFor();
    await shot(page, 'route-preview');
    const update = page.locator('.switchboard-route-table > div', { hasText: 'from North' });
    await update.getByText('update → goes back to Acme (ServiceNow)').waitFor();
    await page.locator('#switchboard-route-rules').getByLabel('Comparison').first().selectOption('expression');
    await page.locator('#switchboard-route-rules').getByLabel('Value').first().fill('$error("no such thing")');
    await row.getByText('Rule 1: ').waitFor();
    await page.locator('#node-dialog-cancel').click();
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  });

  it('shows in the details of a message by which rule it was sent', async () => {
    const view = await browser.newPage();
    await view.goto(`${live.url}/switchboard/page`);
    await view.locator('.switchboard-row', { hasText: 'Acme' }).last().click();
    await view.getByText('Routed to North (TMF621 v4) by rule 1').waitFor();
    await view.close();
  });

  it('caused no errors in the browser', () => assert.deepEqual(errors, []));
});
