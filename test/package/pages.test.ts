import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { DELIVERY_TRANSITIONS, MESSAGE_TRANSITIONS } from '../../src/store/transitions.js';
import { messagePath, moduleGraph } from './development-page.js';
import { withParts } from './page-parts.js';
import { stateDiagram } from './promises-page.js';
import { systemsPage } from './systems-page.js';

describe('a generated page (UPDATE_DOCS=1 writes it)', () => {
  const pages: [string, () => string][] = [
    ['docs/systems.md', systemsPage],
    ['docs/development.md', () => withParts('docs/development.md', { modules: moduleGraph(), 'message path': messagePath() })],
    [
      'docs/promises.md',
      () =>
        withParts('docs/promises.md', {
          'message states': stateDiagram(MESSAGE_TRANSITIONS),
          'delivery states': stateDiagram(DELIVERY_TRANSITIONS),
        }),
    ],
  ];
  for (const [file, make] of pages) {
    it(`${file} matches the code`, () => {
      const made = make();
      if (process.env.UPDATE_DOCS) writeFileSync(file, made);
      assert.equal(readFileSync(file, 'utf8'), made);
    });
  }
});
