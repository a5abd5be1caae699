import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
/** The rules of WCAG 2.1, levels A and AA. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];

/** Elements of Node-RED itself: inputs that mislead password managers, and the remove button of its lists. */
const CORE = [['[id^="red-ui-trap-"]'], ['.red-ui-editableList-item-remove']];

interface Violation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary: string }[];
}

/** The violations that axe-core finds below an element. */
export async function wrongIn(page: Page, root: string): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE);
  const { violations } = (await page.evaluate(
    `axe.run({ include: [[${JSON.stringify(root)}]], exclude: ${JSON.stringify(CORE)} }, { runOnly: { type: 'tag', values: ${JSON.stringify(TAGS)} } })`,
  )) as { violations: Violation[] };
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((n) => `${id} (${help}): ${n.html.slice(0, 160)} — ${n.failureSummary.replace(/\s+/g, ' ').slice(0, 220)}`),
  );
}
