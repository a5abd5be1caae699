import assert from 'node:assert/strict';
import type { Browser, Locator, Page, Route } from 'playwright-core';
import type { Mapping, Rule } from '../../src/mapping/mapping.js';
import { mappingFlow, seedMessages } from '../nodes/mapping/seed.js';
import { chromiumPath } from './browser.js';
import { closeMapping, drag, JSON_TEXT, openMapping, pasteOver, savedMapping, turnTo } from './designer.js';
import { type EditorServer, editNode, NODE_RED, openEditor, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

const TITLE: Rule = { field: 'short_description', generic: 'title' };
const STATE: Rule = { field: 'state', generic: 'state', values: [{ partner: '2', generic: 'inProgress' }] };
const MAPPING: Mapping = { name: 'Several', system: 'servicenow', entityType: 'incident', rules: [TITLE, STATE] };

describe(`a rule in the mapping designer in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    const several = { id: 'several', type: 'switchboard-mapping', name: 'Several', preset: '', mapping: MAPPING };
    server = await startEditor({ flow: [...mappingFlow(), several], prepare: seedMessages });
    browser = await sharedBrowser();
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  // Each test starts with the deployed mapping.
  beforeEach(async () => {
    ({ page, errors } = await openEditor(browser, server));
    await page.waitForFunction(`RED.nodes.node('several')`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  });

  afterEach(async () => {
    assert.deepEqual(errors?.splice(0), [], 'no errors in the browser');
    await page?.close();
  });

  const open = async () => {
    await openMapping(page, 'several');
    await rule(2).click();
  };
  const done = () => closeMapping(page, 'ok');
  const rule = (number: number) => page.locator(`.switchboard-rule[data-index="${number - 1}"]`);
  const panel = () => page.locator('.switchboard-panel');
  const field = (number: number) =>
    panel()
      .getByLabel('Partner’s field', { exact: true })
      .nth(number - 1);
  const generic = () => panel().getByLabel('Generic field', { exact: true });
  const removeField = (number: number) =>
    panel()
      .getByLabel('Remove this field')
      .nth(number - 1);
  const cells = () => panel().locator('li.switchboard-value-row input');
  const valuesOf = (inputs: Locator) => inputs.evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
  const anotherField = () => panel().getByText('another field').click();
  const json = async () => {
    await turnTo(page, 'JSON');
    const text = String(await page.evaluate(JSON_TEXT));
    await turnTo(page, 'Rules');
    return JSON.parse(text) as Mapping;
  };

  /** The inputs, the heading of the value map and the JSON show the same fields. */
  const shows = async (expected: Rule) => {
    const fields = [expected.field].flat();
    const rows = expected.values ?? [];
    assert.deepEqual(await valuesOf(panel().getByLabel('Partner’s field', { exact: true })), fields);
    assert.equal(await generic().inputValue(), expected.generic);
    const head = panel().locator('.switchboard-value-head > span:not(.switchboard-value-arrows)');
    assert.deepEqual(await head.allTextContents(), [...fields, expected.generic, '']);
    assert.deepEqual(
      await valuesOf(cells()),
      rows.flatMap((row) => [row.partner, row.generic].flat()),
    );
    assert.deepEqual((await json()).rules[1], expected);
  };

  it('keeps the input, whatever is typed or pressed next', async () => {
    const row = (...partner: string[]) => [{ partner, generic: 'inProgress' }];
    await open();
    await anotherField();
    await page.keyboard.type('hold_reason');
    await field(1).fill('u_state');
    await shows({ field: ['u_state', 'hold_reason'], generic: 'state', values: row('2', '*') });
    await generic().fill('custom.state');
    await anotherField();
    await page.keyboard.type('u_site');
    await shows({ field: ['u_state', 'hold_reason', 'u_site'], generic: 'custom.state', values: row('2', '*', '*') });
    await cells().nth(2).fill('HH');
    await field(2).fill('close_code');
    await cells().nth(0).fill('3');
    await shows({ field: ['u_state', 'close_code', 'u_site'], generic: 'custom.state', values: row('3', '*', 'HH') });
    await field(3).fill('u_place');
    await removeField(2).click();
    await shows({ field: ['u_state', 'u_place'], generic: 'custom.state', values: row('3', 'HH') });
    await generic().fill('custom.place');
    await cells().nth(1).fill('B');
    await panel().getByText('value', { exact: true }).click();
    await cells().nth(3).fill('9');
    await cells().nth(5).fill('held');
    const expected: Rule = {
      field: ['u_state', 'u_place'],
      generic: 'custom.place',
      values: [...row('3', 'B'), { partner: ['9', '*'], generic: 'held' }],
    };
    await shows(expected);
    await done();
    assert.deepEqual((await savedMapping(page, 'several')).rules, [TITLE, expected]);
    await open();
    await shows(expected);
    await closeMapping(page);
  });

  it('marks no expression that is left out, but one that is wrong', async () => {
    await open();
    await panel().locator('details > summary').click();
    const condition = panel()
      .getByLabel(/^Condition \(JSONata\)/)
      .first();
    const wrong = panel().locator('.red-ui-typedInput-container.input-error');
    assert.equal(await wrong.count(), 0);
    await condition.fill('a +');
    await condition.press('Tab');
    await wrong.waitFor();
    await condition.fill('');
    await condition.press('Tab');
    await wrong.waitFor({ state: 'detached' });
    await closeMapping(page, 'cancel');
  });

  it('has a visible checkbox for emptied fields, which its text switches too', async () => {
    await open();
    await panel().locator('details > summary').click();
    const box = panel().getByRole('checkbox', { name: 'Send when emptied' });
    const { width = 0, height = 0 } = (await box.boundingBox()) ?? {};
    assert.ok(width >= 10 && height >= 10, `${width} × ${height}`);
    await panel().getByText('Send when emptied', { exact: true }).click();
    await shows({ ...STATE, sendEmptied: true });
    await box.click();
    await shows(STATE);
    await closeMapping(page);
  });

  it('accepts a field from the list or the board after another one was typed', async () => {
    await open();
    await anotherField();
    await field(1).fill('u_state');
    await panel().getByLabel('Choose from a list').nth(1).click();
    await page.keyboard.type('hold_reason');
    await page.keyboard.press('Enter');
    await shows({ ...STATE, field: ['u_state', 'hold_reason'], values: [{ partner: ['2', '*'], generic: 'inProgress' }] });
    await field(2).fill('close_code');
    await drag(page, page.locator('.switchboard-field-partner[data-path="category"]'), rule(2));
    await shows({
      ...STATE,
      field: ['u_state', 'close_code', 'category'],
      values: [{ partner: ['2', '*', '*'], generic: 'inProgress' }],
    });
    await closeMapping(page);
  });

  it('undoes the input of one field and continues from there', async () => {
    const undo = page.getByTitle('Undo (Ctrl+Z)');
    await open();
    await anotherField();
    await page.keyboard.type('hold_reason');
    await field(1).fill('u_state');
    await undo.click();
    assert.deepEqual(await valuesOf(panel().getByLabel('Partner’s field', { exact: true })), ['state', 'hold_reason']);
    await field(2).fill('close_code');
    await shows({ ...STATE, field: ['state', 'close_code'], values: [{ partner: ['2', '*'], generic: 'inProgress' }] });
    for (const expected of [['state', 'hold_reason'], ['state', ''], ['state']]) {
      await undo.click();
      assert.deepEqual(await valuesOf(panel().getByLabel('Partner’s field', { exact: true })), expected);
    }
    await closeMapping(page);
  });

  it('names the empty field and leaves out only that rule', async () => {
    await open();
    for (const path of ['', 'u_site']) {
      await anotherField();
      await page.keyboard.type(path);
    }
    const begun: Rule = {
      ...STATE,
      field: ['state', '', 'u_site'],
      values: [{ partner: ['2', '*', '*'], generic: 'inProgress' }],
    };
    await shows(begun);
    await page
      .locator('.switchboard-preview-problem', { hasText: 'Rule 2 (state, …, u_site ↔ state): Field 2 of 3 is empty.' })
      .waitFor();
    await page.locator('.switchboard-rule-error').waitFor();
    await page.locator('.switchboard-preview-status').getByText('1 error').waitFor();
    await page.getByRole('button', { name: 'rule', exact: true }).click();
    await field(1).fill('company');
    await done();
    await page.locator('.red-ui-notification', { hasText: 'left out: rule 3 (company ↔ …)' }).waitFor();
    assert.deepEqual((await savedMapping(page, 'several')).rules, [
      TITLE,
      { ...STATE, field: ['state', 'u_site'], values: [{ partner: ['2', '*'], generic: 'inProgress' }] },
    ]);
  });

  it('keeps focus and input when the known fields load late', async () => {
    const { caught } = await hold('**/switchboard/mappings/fields*');
    await editNode(page, 'several');
    await rule(2).click();
    await field(1).focus();
    await page.keyboard.press('Home');
    await page.keyboard.type('u_');
    await (await caught).continue();
    await page.waitForFunction(`document.querySelectorAll('.switchboard-field-free').length > 5`);
    await page.keyboard.type('x');
    await shows({ ...STATE, field: 'u_xstate' });
    await closeMapping(page);
  });

  it('adds received values to the rule they were requested for, or to none', async () => {
    await open();
    const { caught } = await hold('**/switchboard/mappings/values');
    await panel().getByText('add received values').click();
    const route = await caught;
    await rule(1).click();
    const answered = page.waitForResponse('**/switchboard/mappings/values');
    await route.continue();
    await (await answered).finished();
    await rule(2).click();
    await shows(STATE);
    await done();
    assert.deepEqual(await savedMapping(page, 'several'), MAPPING);
  });

  it('keeps JSON input together with the choices below it, even before it is a valid mapping', async () => {
    await open();
    await turnTo(page, 'JSON');
    const editor = page.locator('#switchboard-mapping-editor');
    await inJson('"short_description"');
    await editor.click();
    const broken = { ...MAPPING, rules: [TITLE, { field: 'u_site' }] };
    await pasteOver(page, JSON.stringify(broken));
    await inJson('"u_site"');
    await turnTo(page, 'Rules');
    await page.locator('.red-ui-notification', { hasText: 'rule 2 (u_site ↔ …) needs field and generic' }).first().waitFor();
    await inJson('"u_site"');
    await editor.click();
    await pasteOver(page, JSON.stringify({ ...MAPPING, rules: [TITLE, { field: 'u_site', generic: 'custom.site' }] }));
    await inJson('"custom.site"');
    await page.locator('#switchboard-mapping-internal').selectOption('internal');
    await inJson('"internalComments"');
    await done();
    assert.deepEqual(await savedMapping(page, 'several'), {
      ...MAPPING,
      rules: [TITLE, { field: 'u_site', generic: 'custom.site' }],
      internalComments: 'internal',
    });
  });

  async function inJson(text: string): Promise<void> {
    await page.waitForFunction(`${JSON_TEXT}?.includes(${JSON.stringify(text)})`);
  }

  /** Holds back the next request to a URL; `caught` resolves to its route, to be continued later. */
  async function hold(address: string): Promise<{ caught: Promise<Route> }> {
    let take: (route: Route) => void = () => undefined;
    const caught = new Promise<Route>((resolve) => {
      take = resolve;
    });
    await page.route(address, (route) => take(route), { times: 1 });
    return { caught };
  }
});
