import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { flowSets, nodeSets, nodeType } from '../package/built-set.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, editNode, NODE_RED, openEditor, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

type FlowNode = { id: string; type: string; [key: string]: unknown };

/** The examples as users get them, without credentials, and a custom mapping. */
function flow(): FlowNode[] {
  const nodes = ['1-trouble-ticket', '2-order-fan-out', '3-routing'].flatMap(
    (name) => JSON.parse(readFileSync(`examples/${name}.json`, 'utf8')) as FlowNode[],
  );
  const mapping = {
    name: 'servicenow-incident',
    system: 'servicenow',
    entityType: 'incident',
    rules: [
      { field: 'short_description', generic: 'title', required: 'both' },
      { field: ['state', 'hold_reason'], generic: 'state', values: [{ partner: ['2', '*'], generic: 'inProgress' }] },
    ],
  };
  return [
    ...nodes.map(({ credentials: _, ...node }) => node as FlowNode),
    { id: 'own-mapping', type: 'switchboard-mapping', name: 'Ours', preset: '', mapping },
  ];
}

describe(`the editor of Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    // The flows are not started: these tests are about dialogs and must not depend on a partner.
    server = await startEditor({ flow: flow(), safe: true });
    browser = await sharedBrowser();
    ({ page, errors } = await openEditor(browser, server));
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  afterEach(() => assert.deepEqual(errors?.splice(0), [], 'no errors in the browser'));

  const close = async (button: 'ok' | 'cancel') => {
    await page.locator(`#node-dialog-${button}:visible, #node-config-dialog-${button}:visible`).click();
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  };

  it('has loaded every set', async () => {
    const sets = (await (await fetch(`${server.url}nodes`, { headers: { Accept: 'application/json' } })).json()) as {
      id: string;
      err?: unknown;
    }[];
    const ours = sets.filter((set) => set.id.startsWith('@switchboard/'));
    assert.deepEqual(ours.map((set) => set.id.split('/').at(-1)).sort(), Object.keys(nodeSets).sort());
    assert.deepEqual(
      ours.filter((set) => set.err),
      [],
    );
  });

  it('shows all nodes in the palette, in a category with a name, with label and icon', async () => {
    const shown = await page.$$eval('[data-palette-type^="switchboard-"]', (nodes) =>
      nodes.map((node) => ({
        type: node.getAttribute('data-palette-type'),
        // A long label is broken into lines.
        label: node.querySelector('.red-ui-palette-label')?.textContent?.replace(/\s+/g, ' ').trim(),
        icon: getComputedStyle(node.querySelector('.red-ui-palette-icon') ?? node).backgroundImage,
      })),
    );
    assert.deepEqual(shown.map(({ type }) => type).sort(), flowSets().map(nodeType).sort());
    for (const { type, label, icon } of shown) {
      assert.equal(label, type?.replace('switchboard-', '').replaceAll('-', ' '));
      const url = /url\("(.+)"\)/.exec(icon)?.[1] ?? '';
      assert.match(url, /switchboard-.*\.svg$/, `${type} has its own icon`);
      assert.match((await fetch(url)).headers.get('content-type') ?? '', /svg/);
    }
    const category = page.locator('#red-ui-palette-header-switchboard');
    assert.equal((await category.textContent())?.trim(), 'switchboard');
  });

  it('finds no invalid node in the examples', async () => {
    const wrong = await page.evaluate(`(() => { const found = [];
      const look = (node) => node.type.startsWith('switchboard-') && node.valid === false && found.push([node.id, node.validationErrors]);
      RED.nodes.eachNode(look); RED.nodes.eachConfig(look); return found; })()`);
    assert.deepEqual(wrong, []);
  });

  for (const type of Object.keys(nodeSets).map(nodeType)) {
    it(`opens the dialog of ${type} with every text in place, and saving it changes nothing`, async () => {
      const node = flow().find((one) => one.type === type);
      assert.ok(node, `an example has a ${type}`);
      await editNode(page, node.id);
      const texts = await page.$$eval('.red-ui-tray-body [data-i18n]', (elements) =>
        elements.filter((one) => !/^\[/.test(one.getAttribute('data-i18n') ?? '')).map((one) => one.textContent?.trim() ?? ''),
      );
      // A missing label shows its key.
      assert.deepEqual(
        texts.filter((text) => text === '' || /^(@|[a-z]\w*\.[a-z])/.test(text)),
        [],
      );
      await close('ok');
      assert.deepEqual(await exported(page, node.id), node);
      assert.equal(await page.evaluate('RED.nodes.dirty()'), false, 'nothing to deploy');
    });
  }

  it('shows the help of a node', async () => {
    await page.evaluate(`RED.sidebar.help.show('switchboard-servicenow-in')`);
    await page.getByText('Receives records from ServiceNow').filter({ visible: true }).first().waitFor();
  });

  it('gives a new in node a unique path, and reports a path that is taken', async () => {
    const paths = (await page.evaluate(`(() => { const made = [];
      for (const x of [1, 2]) { const { node } = RED.view.createNode('switchboard-servicenow-in', 100, 500 + x * 60); RED.nodes.add(node); made.push(node); }
      const before = made.map((node) => node.path);
      made[1].path = made[0].path;
      const reason = made[1]._def.defaults.path.validate.call(made[1], made[1].path, {});
      for (const node of made) RED.nodes.remove(node.id);
      return [...before, reason]; })()`)) as string[];
    assert.match(paths[0] ?? '', /^switchboard\/servicenow-\w+$/);
    assert.notEqual(paths[0], paths[1]);
    assert.equal(paths[2], 'Another node already uses this path');
  });

  it('shows the fields of the selected sign-in method', async () => {
    await editNode(page, idOf('switchboard-servicenow-endpoint'));
    const shown = () =>
      page.$$eval('[data-show-auth]', (rows) =>
        rows
          .filter((row) => (row as HTMLElement).offsetParent)
          .map((row) => row.querySelector('input')?.id.replace('node-config-input-', '')),
      );
    const kinds = {
      none: [],
      basic: ['user', 'password'],
      bearer: ['token'],
      apiKey: ['apiKey', 'apiKeyHeader'],
      oauthClientCredentials: ['tokenUrl', 'clientId', 'clientSecret', 'scope'],
      oauthPassword: ['tokenUrl', 'clientId', 'clientSecret', 'user', 'password', 'scope'],
      oauthRefreshToken: ['tokenUrl', 'clientId', 'clientSecret', 'refreshToken', 'scope'],
    };
    for (const [kind, fields] of Object.entries(kinds)) {
      await page.selectOption('#node-config-input-auth', kind);
      assert.deepEqual(await shown(), fields, kind);
    }
    await close('cancel');
  });

  it('tests a connection with the settings in the dialog, and shows the checks as text', async () => {
    let sent: { type?: string; config?: Record<string, unknown>; credentials?: Record<string, string> } = {};
    await page.route('**/switchboard/endpoints/*/test', async (route) => {
      sent = route.request().postDataJSON() as typeof sent;
      await route.fulfill({
        json: [
          { name: 'Address', ok: true, text: 'Answers.' },
          { name: 'Cases', ok: 'warning', text: 'The table is not there.' },
          { name: 'Sign in', ok: false, text: '<img src=x onerror="document.title=\'owned\'">' },
        ],
      });
    });
    await editNode(page, idOf('switchboard-servicenow-endpoint'));
    await page.selectOption('#node-config-input-auth', 'basic');
    await page.fill('#node-config-input-baseUrl', 'https://typed.example');
    await page.fill('#node-config-input-user', 'me');
    await page.fill('#node-config-input-password', 'typed-secret');
    await page.click('.switchboard-test');
    await page.waitForSelector('.switchboard-checks .fa-times-circle');
    const lines = await page.$$eval('.switchboard-checks li', (items) =>
      items.map((item) => [item.querySelector('i')?.getAttribute('aria-label'), item.textContent]),
    );
    assert.deepEqual(lines, [
      ['Works', 'AddressAnswers.'],
      ['Works with restrictions', 'CasesThe table is not there.'],
      ['Does not work', 'Sign in<img src=x onerror="document.title=\'owned\'">'],
    ]);
    assert.equal(sent.type, 'switchboard-servicenow-endpoint');
    assert.equal(sent.config?.baseUrl, 'https://typed.example');
    assert.ok(Array.isArray(sent.config?.entityTypes));
    assert.equal(sent.credentials?.user, 'me');
    assert.equal(sent.credentials?.password, 'typed-secret');
    await page.unroute('**/switchboard/endpoints/*/test');
    await close('cancel');
  });
});

function idOf(type: string): string {
  return flow().find((node) => node.type === type)?.id ?? assert.fail(`no example has a ${type}`);
}

/** A node as it would be deployed, without the properties that Node-RED adds. */
async function exported(page: Page, id: string): Promise<FlowNode> {
  const {
    credentials: _,
    z,
    ...node
  } = (await page.evaluate(
    `RED.nodes.createCompleteNodeSet({ credentials: false }).find((node) => node.id === ${JSON.stringify(id)})`,
  )) as FlowNode;
  return { ...node, ...(z !== undefined && { z }) } as FlowNode;
}
