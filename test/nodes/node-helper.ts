import { createRequire } from 'node:module';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import { findNodeRed } from '../../src/cli/node-red.js';

const load = createRequire(join(process.cwd(), 'package.json'));

/** node-red-node-test-helper with the newest Node-RED that this Node.js supports. */
export function testHelper() {
  helper.init(join(findNodeRed().folder, 'lib', 'red.js'));
  return helper;
}

/** The built node sets: the CommonJS functions that register the nodes. */
export function nodeSets(...names: string[]): unknown[] {
  return names.map((name) => load(`./dist/nodes/${name}/${name}.js`));
}

export interface Caught {
  payload: unknown;
  error: { message: string; code?: string; source: { type: string } };
}
