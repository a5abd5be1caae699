import { createRequire } from 'node:module';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import { findNodeRed } from '../../src/cli/node-red.js';

const load = createRequire(join(process.cwd(), 'package.json'));

/** node-red-node-test-helper on the newest Node-RED that this Node.js can run. */
export function testHelper() {
  helper.init(join(findNodeRed().folder, 'lib', 'red.js'));
  return helper;
}

/** The registering functions of nodes, as they were built: what registers a node is written as CommonJS wants it. */
export function nodeSets(...names: string[]): unknown[] {
  return names.map((name) => load(`./dist/nodes/${name}/${name}.js`));
}

export interface Caught {
  payload: unknown;
  error: { message: string; code?: string; source: { type: string } };
}
