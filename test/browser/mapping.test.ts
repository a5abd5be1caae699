import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Mapping, Rule } from '../../src/mapping/mapping.js';
import { mappingFlow, seedMessages } from '../nodes/mapping/seed.js';
import { chromiumPath } from './browser.js';
import { closeMapping, drag, openMapping, pasteOver, savedMapping, turnTo } from './designer.js';
import { type EditorServer, NODE_RED, openEditor, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

describe(`the mapping designer in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    server = await startEditor({ flow: mappingFlow(), prepare: seedMessages });
    browser = await sharedBrowser();
    await begin();
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  afterEach(async function () {
    // A dialog left open by one test must not break the next.
    if (this.currentTest?.isFailed()) return begin();
    assert.deepEqual(errors?.splice(0), [], 'no errors in the browser');
    assert.notEqual(await page.title(), 'owned', 'text of messages is text');
  });

  const begin = async () => {
    await page?.close();
    ({ page, errors } = await openEditor(browser, server));
    await page.waitForFunction(`RED.nodes.node('own')`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  };
  const open = (id: string) => openMapping(page, id);
  const close = (button?: 'ok' | 'cancel') => closeMapping(page, button);
  const saved = (id: string) => savedMapping(page, id);
  const partner = (path: string) => page.locator(`.switchboard-field-partner[data-path="${path}"]`);
  const generic = (path: string) => page.locator(`.switchboard-field-generic[data-path="${path}"]`);
  const rule = (number: number) => page.locator(`.switchboard-rule[data-index="${number - 1}"]`);
  const ruleCount = () => page.locator('.switchboard-rule').count();
  const panel = () => page.locator('.switchboard-panel');
  /** The preview of a field. */
  const previewed = (name: string, value: string) =>
    page
      .locator('.switchboard-preview-line', { has: page.getByText(name, { exact: true }) })
      .filter({ hasText: value })
      .first();

  for (const id of ['own', 'tickets', 'orders', 'small']) {
    it(`opens ${id} and saves it unchanged`, async () => {
      await open(id);
      const texts = await page.$$eval('.switchboard-mapping *', (all) =>
        all.flatMap((one) => [
          ...(one.childElementCount === 0 ? [one.textContent ?? ''] : []),
          one.getAttribute('title') ?? '',
          one.getAttribute('aria-label') ?? '',
          one.getAttribute('placeholder') ?? '',
        ]),
      );
      // A missing label shows its key.
      const keys =
        /^(dialog|tab|direction|way|edit|board|picker|field|required|type|summary|rule|values|items|preview|changes|exchange|runtime)\.[a-z]/;
      assert.deepEqual(
        texts.filter((text) => keys.test(text)),
        [],
      );
      await close('ok');
      assert.deepEqual(await saved(id), original(id));
      assert.equal(await page.evaluate('RED.nodes.dirty()'), false, 'nothing to deploy');
    });
  }

  it('creates a rule by dragging one field to another, and shows its result at once', async () => {
    await open('small');
    await drag(page, partner('number'), generic('category'));
    assert.equal(await ruleCount(), 3);
    await generic('category').locator('.switchboard-field-value', { hasText: 'INC0010025' }).waitFor();
    await panel().getByLabel('Generic field', { exact: true }).fill('custom.number');
    await previewed('number', 'INC0010025').waitFor();
    await close('ok');
    // The partner sets this field itself, so it is only read.
    assert.deepEqual((await saved('small')).rules.at(-1), { field: 'number', generic: 'custom.number', direction: 'in' });
  });

  it('creates, moves and removes a rule with the keyboard only', async () => {
    await open('small');
    await partner('category').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('categ');
    await page.keyboard.press('Enter');
    await rule(4).waitFor();
    assert.equal(await panel().getByLabel('Generic field', { exact: true }).inputValue(), 'category');
    await rule(4).focus();
    await page.keyboard.press('Alt+ArrowUp');
    assert.equal(await page.evaluate('document.activeElement.dataset.index'), '2', 'the focus moves along');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Delete');
    assert.equal(await ruleCount(), 3);
    assert.equal(await partner('category').getAttribute('data-rules'), '');
    await close();
  });

  it('undoes and redoes, with the typing in one field as one step', async () => {
    await open('small');
    await rule(1).click();
    await panel().getByLabel('Partner’s field', { exact: true }).press('End');
    await page.keyboard.type('_x');
    await partner('short_description_x').waitFor();
    await rule(2).click();
    await page.keyboard.press('Delete');
    assert.equal(await ruleCount(), 2);
    await page.keyboard.press('Control+z');
    assert.equal(await ruleCount(), 3);
    await page.keyboard.press('Control+z');
    await partner('short_description').waitFor();
    assert.equal(await partner('short_description_x').count(), 0);
    await page.keyboard.press('Control+y');
    await partner('short_description_x').waitFor();
    await page.getByTitle('Undo (Ctrl+Z)').click();
    await partner('short_description').waitFor();
    assert.equal(await page.getByTitle('Undo (Ctrl+Z)').isDisabled(), true);
    await close();
  });

  it('leaves Ctrl+Z in a text field to the text field', async () => {
    await open('small');
    await rule(2).click();
    await page.keyboard.press('Delete');
    await page.locator('.switchboard-search').fill('abc');
    await page.keyboard.press('Control+z');
    await page.locator('.switchboard-search').fill('');
    assert.equal(await ruleCount(), 2, 'the rule stays removed');
    await close();
  });

  it('fills a value map with received values, and marks what cannot be inverted', async () => {
    await open('own');
    await rule(1).click();
    await panel().getByText('add received values').click();
    const rows = panel().locator('.switchboard-value-row[class]:not(.switchboard-value-head)');
    await page.waitForFunction(`document.querySelectorAll('li.switchboard-value-row').length === 11`);
    assert.equal(await rows.nth(9).getByLabel('Value of state').inputValue(), '42');
    assert.equal(await rows.nth(10).getByLabel('Value of hold_reason').inputValue(), '7');
    await rows.nth(9).getByLabel('Generic value').fill('held');
    await previewed('state', 'held').waitFor();
    const mark = rows.nth(9).locator('.switchboard-value-mark i');
    assert.equal(await mark.getAttribute('title'), '3 values map to this one; outbound, "3, 4" is written');
    await rows.nth(10).getByLabel('Remove this row').click();
    await close('ok');
    assert.deepEqual((await saved('own')).rules[0]?.values?.slice(-2), [
      { partner: ['8', '*'], generic: 'rejected', direction: 'out' },
      { partner: ['42', ''], generic: 'held', direction: 'in' },
    ]);
  });

  it('switches one direction of a row off and on, but never both off', async () => {
    await open('tickets');
    await rule(1).click();
    const row = panel().locator('li.switchboard-value-row').first();
    const pressed = () =>
      row.locator('.switchboard-arrow').evaluateAll((all) => all.map((one) => one.getAttribute('aria-pressed')));
    await row.locator('.switchboard-arrow-in').click();
    assert.deepEqual(await pressed(), ['false', 'true']);
    await panel().getByText('Received without a row:').waitFor();
    await row.locator('.switchboard-arrow-out').click();
    assert.deepEqual(await pressed(), ['false', 'true']);
    await row.locator('.switchboard-arrow-in').click();
    assert.deepEqual(await pressed(), ['true', 'true']);
    await close('ok');
    assert.deepEqual((await saved('tickets')).rules[0], original('tickets').rules[0]);
  });

  it('edits all other settings of a rule, and marks errors at the rule', async () => {
    await open('small');
    await rule(1).click();
    await panel().locator('.switchboard-fold > summary').click();
    await panel().getByLabel('Compute → in').fill('$uppercase(');
    await page.locator('.switchboard-rule-error').waitFor();
    assert.match((await rule(1).getAttribute('title')) ?? '', /invalid at position/);
    await panel().getByLabel('Compute → in').fill('$uppercase(category)');
    await previewed('title', 'NETWORK').waitFor();
    await panel().getByLabel('Truncate after').fill('40');
    await panel().getByLabel('Default ← out').fill('none');
    await page.keyboard.press('Tab');
    await panel().getByLabel('Required').selectOption('out');
    await panel().getByLabel('generic field', { exact: true }).fill('state');
    await panel().getByLabel('values, separated by commas').fill('resolved, closed');
    await panel().getByTitle('outbound only: to the partner').click();
    await close('ok');
    assert.deepEqual((await saved('small')).rules[0], {
      field: 'short_description',
      generic: 'title',
      direction: 'out',
      onlyIf: { generic: 'state', is: ['resolved', 'closed'] },
      default: { out: 'none' },
      expression: { in: '$uppercase(category)' },
      required: 'out',
      maxLength: 40,
    } satisfies Rule);
  });

  it("edits a condition in Node-RED's expression editor", async () => {
    await open('small');
    await rule(1).click();
    const fold = panel().locator('.switchboard-fold');
    if ((await fold.getAttribute('open')) === null) await fold.locator('summary').click();
    await panel()
      .locator('.switchboard-panel-row', { hasText: 'Condition (JSONata) ← out' })
      .locator('.red-ui-typedInput-option-expand')
      .click();
    await page.getByText('JSONata Expression editor').waitFor();
    await page.locator('.red-ui-tray .monaco-editor').filter({ visible: true }).first().click();
    await pasteOver(page, 'fields.title != ""');
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('JSONata Expression editor').waitFor({ state: 'detached' });
    await panel().getByLabel('Condition (JSONata) ← out').waitFor();
    await close('ok');
    assert.deepEqual((await saved('small')).rules[0]?.when, { out: 'fields.title != ""' });
  });

  it('previews pasted data in both directions, with errors at the field', async () => {
    await open('tickets');
    await page.locator('.switchboard-preview-head').getByText('← out').click();
    await previewed('name', 'Router').waitFor();
    await page.getByTitle('View and edit the sample').click();
    const editor = page.locator('.switchboard-sample-text');
    await editor.locator('.monaco-editor').waitFor();
    await editor.click();
    await pasteOver(page, '{"title":"Pasted","severity":"awful"}');
    await previewed('name', 'Pasted').waitFor();
    await page.locator('.switchboard-preview-problem', { hasText: 'severity "awful" has no row' }).waitFor();
    await page
      .locator('.switchboard-preview-problem', { hasText: 'ticketType' })
      .or(previewed('ticketType', 'incident'))
      .first()
      .waitFor();
    await previewed('name', 'Pasted').click();
    assert.equal(
      await rule(2).evaluate((chip) => chip.classList.contains('switchboard-selected')),
      true,
      'the rule that made it',
    );
    await close();
  });

  it('highlights a rule with its fields and its result, from either side', async () => {
    await open('own');
    const lit = () => page.$$eval('.switchboard-lit', (all) => all.map((one) => one.classList[0]).sort());
    await rule(2).hover();
    assert.deepEqual(await lit(), [
      'switchboard-field',
      'switchboard-field',
      'switchboard-line',
      'switchboard-line',
      'switchboard-preview-line',
      'switchboard-rule',
    ]);
    const together = await lit();
    await page.locator('.switchboard-search').hover();
    assert.deepEqual(await lit(), []);
    await previewed('title', 'Router').hover();
    assert.deepEqual(await lit(), together);
    await close();
  });

  it('shows the effect of a change on the last messages', async () => {
    await open('own');
    await page.getByRole('button', { name: 'Last 20 messages' }).click();
    const counts = page.locator('.switchboard-changes-counts');
    await counts.waitFor();
    await counts.getByText('compared').waitFor();
    await rule(2).click();
    await page.keyboard.press('Delete');
    const numbers = async () => (await counts.locator('b').allInnerTexts()).slice(0, 2);
    await counts.locator('b').nth(1).getByText('20').waitFor();
    assert.deepEqual(await numbers(), ['20', '20']);
    await page.locator('.switchboard-changes summary').nth(1).click();
    const row = page.locator('.switchboard-changes details[open] tbody tr').filter({ hasText: 'title' });
    assert.deepEqual(await row.locator('th, td').allInnerTexts(), ['title', 'Line 24 down in Hamburg', '–']);
    await page.keyboard.press('Control+z');
    await counts.locator('b').nth(1).getByText('20').waitFor({ state: 'detached' });
    await close();
  });

  it('copies and pastes rules through the clipboard, from one mapping to another', async () => {
    await open('own');
    await rule(2).click();
    await rule(4).click({ modifiers: ['Shift'] });
    assert.match(await panel().innerText(), /3 rules selected/);
    await page.keyboard.press('Control+c');
    await close();
    await open('tickets');
    const before = await ruleCount();
    await rule(1).click();
    await page.keyboard.press('Control+v');
    assert.equal(await ruleCount(), before + 3);
    assert.equal(await page.locator('.switchboard-rule.switchboard-selected').count(), 3);
    await page.keyboard.press('Control+x');
    assert.equal(await ruleCount(), before);
    await page.getByTitle('Paste rules (Ctrl+V)').click();
    await page.waitForFunction(`document.querySelectorAll('.switchboard-rule').length === ${before + 3}`);
    await close();
  });

  it('exports a mapping as a file, and imports it', async () => {
    await open('orders');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByTitle('Export this mapping as a file').click(),
    ]);
    assert.equal(download.suggestedFilename(), 'Orders.json');
    const file = join(server.folder, 'Orders.json');
    await download.saveAs(file);
    const mapping = original('orders');
    assert.equal(readFileSync(file, 'utf8'), `${JSON.stringify(mapping, null, 2)}\n`);
    await close();
    await open('small');
    await page.locator('.switchboard-import').setInputFiles(file);
    await page.waitForFunction(`document.querySelectorAll('.switchboard-rule').length === ${mapping.rules.length}`);
    await page.locator('#switchboard-mapping-tabs').getByText('Items').waitFor();
    // The fields are now those of the other system.
    await page.locator('.switchboard-field-partner[data-path="cancellationReason"]').waitFor();
    await page.locator('.switchboard-field-free[data-path="externalId"]').waitFor();
    await page.locator('.switchboard-designer').focus();
    await page.keyboard.press('Control+z');
    await page.waitForFunction(`document.querySelectorAll('.switchboard-rule').length < 8`);
    await page.locator('.switchboard-field-free[data-path="company"]').waitFor();
    await close();
  });

  it('edits the item rules in a separate table', async () => {
    await open('orders');
    await page.locator('#switchboard-mapping-tabs').getByText('Items').click();
    await rule(3).click();
    assert.equal(await panel().getByLabel('Generic field', { exact: true }).inputValue(), 'action');
    await page.locator('.switchboard-preview-head').getByText('← out').click();
    await previewed('action', 'add').waitFor();
    await previewed('action', 'add').click();
    assert.equal(await rule(3).evaluate((chip) => chip.classList.contains('switchboard-selected')), true);
    await page.keyboard.press('Delete');
    await page.locator('.switchboard-preview-problem', { hasText: 'action is missing' }).waitFor();
    await page.locator('#switchboard-mapping-tabs').getByText('Order', { exact: true }).click();
    await close('ok');
    const items = (await saved('orders')).items?.rules ?? [];
    assert.equal(
      items.some(({ generic }) => generic === 'action'),
      false,
    );
  });

  it('starts a mapping from a preset', async () => {
    await page.evaluate(`RED.editor.editConfig('', 'switchboard-mapping', '_ADD_')`);
    await page.waitForFunction('document.querySelectorAll("#node-config-input-preset option").length > 1');
    assert.equal(await page.locator('.switchboard-board').count(), 0);
    await page.selectOption('#node-config-input-preset', { index: 1 });
    await page.click('#switchboard-mapping-load');
    await page.waitForFunction('document.querySelectorAll(".switchboard-rule").length > 3');
    await close();
  });

  it('shows the mapping as JSON and accepts changes there', async () => {
    await open('small');
    await page.locator('#switchboard-mapping-tabs').getByText('JSON').click();
    const editor = page.locator('#switchboard-mapping-editor');
    await editor.getByText('"servicenow"').waitFor();
    await editor.click();
    await pasteOver(
      page,
      '{"name":"Small","system":"servicenow","entityType":"incident","rules":[{"field":"a","generic":"title"}]}',
    );
    await editor.getByText('"a"').waitFor();
    await turnTo(page, 'Rules');
    await partner('a').waitFor();
    assert.equal(await ruleCount(), 1);
    await close();
  });

  it('accepts rules from a text area if the browser does not allow reading the clipboard', async () => {
    await page.evaluate(`Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })`);
    await open('small');
    const before = await ruleCount();
    await page.getByTitle('Paste rules (Ctrl+V)').click();
    const area = page.getByLabel('Paste rules as JSON here');
    await area.fill('no rules');
    await page.locator('.switchboard-paste').getByText('Add').click();
    await page.getByText('This is not a list of rules.').first().waitFor();
    await area.fill('[{"field":"company","generic":"customer.id"}]');
    await page.locator('.switchboard-paste').getByText('Add').click();
    assert.equal(await ruleCount(), before + 1);
    assert.equal(await area.count(), 0);
    await close();
  });

  it('does not scroll horizontally, wide or narrow', async () => {
    for (const width of [1600, 1100, 860]) {
      await page.setViewportSize({ width, height: 900 });
      await open('own');
      await rule(1).click();
      const wide = await page.$$eval('.red-ui-tray-body, .switchboard-mapping, .switchboard-mapping *', (all) =>
        all
          .filter((one) => one instanceof HTMLElement && !one.closest('.monaco-editor') && one.clientWidth > 0)
          .filter((one) => one.scrollWidth > one.clientWidth + 1 && !['hidden', 'clip'].includes(getComputedStyle(one).overflowX))
          .filter((one) => !['INPUT', 'SELECT', 'BUTTON'].includes(one.tagName) && getComputedStyle(one).display !== 'inline')
          .map((one) => `${one.className} ${one.scrollWidth} > ${one.clientWidth}`),
      );
      assert.deepEqual(wide, [], `${width} px`);
      await close();
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });
});

function original(id: string): Mapping {
  return mappingFlow().find((node) => node.id === id)?.mapping as Mapping;
}
