import type { Locator, Page } from 'playwright-core';
import type { Mapping } from '../../src/mapping/mapping.js';
import { editNode } from './editor.js';

/** Actions of a user in the mapping dialog. */

export async function openMapping(page: Page, id: string): Promise<void> {
  await editNode(page, id);
  await page.waitForSelector('.switchboard-preview-line');
  // The fields of the catalogue are loaded by then.
  await page.waitForFunction(`document.querySelectorAll('.switchboard-field-free').length > 5`);
}

export async function closeMapping(page: Page, button: 'ok' | 'cancel' = 'cancel'): Promise<void> {
  await page.locator(`#node-config-dialog-${button}:visible`).click();
  await page.waitForSelector('.red-ui-tray', { state: 'detached' });
}

/** The mapping in the flow. */
export async function savedMapping(page: Page, id: string): Promise<Mapping> {
  const nodes = `RED.nodes.createCompleteNodeSet({ credentials: false })`;
  return (await page.evaluate(`${nodes}.find((node) => node.id === ${JSON.stringify(id)}).mapping`)) as Mapping;
}

/** Node-RED treats two quick clicks on tabs as a double click. */
export async function turnTo(page: Page, tab: 'Rules' | 'JSON'): Promise<void> {
  await page.locator('#switchboard-mapping-tabs').getByText(tab, { exact: true }).click({ delay: 450 });
}

/** Replaces everything in the focused editor by pasting, like a user who copied the text elsewhere. */
export async function pasteOver(page: Page, text: string): Promise<void> {
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+v');
}

/** Works while the board is being redrawn: a user would press what is there at that moment. */
export async function drag(page: Page, from: Locator, to: Locator): Promise<void> {
  await from.hover();
  await page.mouse.down();
  await to.hover();
  await page.mouse.up();
}

/** The content of the JSON tab, as an expression for the page. */
export const JSON_TEXT = `monaco.editor.getEditors().find((one) => one.getContainerDomNode().closest('#switchboard-mapping-editor'))?.getValue()`;
