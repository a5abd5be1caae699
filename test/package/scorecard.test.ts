import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtHtml, flowSets, nodeSets, nodeType, pack } from './built-set.js';

/** The checks of the Flow Library's scorecard (node-red-dev), offline, with its codes. */
describe('the Flow Library scorecard', () => {
  it('P01: has a licence and its text', () => {
    assert.equal(pack.license, 'Apache-2.0');
    assert.match(readFileSync('LICENSE', 'utf8'), /Apache License/);
  });

  it('P03: links to its repository and its issues', () => {
    assert.ok(pack.repository && pack.bugs);
  });

  it('P04: has a scoped name', () => {
    assert.match(pack.name, /^@[a-z0-9-]+\/node-red-[a-z0-9-]+$/);
  });

  it('P05: has the keyword node-red', () => {
    assert.ok(pack.keywords.includes('node-red'));
  });

  it('P06: declares the supported Node-RED versions: 4.1 and 5', () => {
    const range = pack['node-red'].version;
    for (const version of ['4.1.0', '4.1.15', '5.0.7']) assert.ok(admits(range, version), `${range} admits ${version}`);
    assert.ok(!admits(range, '4.0.9'), '4.0 is not tested, so it must not be declared');
  });

  it('P07: supports the oldest Node.js version of each Node-RED version', () => {
    for (const version of ['20.19.0', '22.9.0', '24.0.0']) assert.ok(admits(pack.engines.node, version), version);
  });

  it('N01: registers each type with our prefix and its folder name, as a literal', () => {
    for (const set of Object.keys(nodeSets)) {
      const types = [...builtHtml(set).matchAll(/RED\.nodes\.registerType\(\s*["']([^"']+)["']\s*,\s*\{/g)].map(
        (match) => match[1],
      );
      assert.deepEqual(types, [nodeType(set)], set);
      assert.match(builtHtml(set), /category:\s*["'](config|switchboard)["']/, `${set}: the category is a literal`);
    }
  });

  it('N02: has an example for every node', () => {
    const examples = readdirSync('examples').filter((name) => name.endsWith('.json'));
    const used = new Set(
      examples.flatMap((name) =>
        (JSON.parse(readFileSync(`examples/${name}`, 'utf8')) as { type: string }[]).map((node) => node.type),
      ),
    );
    const missing = flowSets()
      .map(nodeType)
      .filter((type) => !used.has(type));
    assert.deepEqual(missing, []);
  });

  it('D01: has at most six dependencies', () => {
    assert.ok(Object.keys(pack.dependencies).length <= 6, Object.keys(pack.dependencies).join(', '));
  });

  it('D02: does not depend on Node-RED', () => {
    assert.ok(!('node-red' in pack.dependencies));
  });

  it('D03: requires the installed, and thereby tested, versions of its dependencies', () => {
    for (const [name, range] of Object.entries(pack.dependencies)) {
      const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as { version: string };
      assert.equal(range, `^${version}`, name);
    }
  });

  it('has a readme, and a changelog with this version', () => {
    assert.ok(existsSync('README.md'));
    assert.ok(readFileSync('CHANGELOG.md', 'utf8').includes(pack.version));
  });
});

/** The two kinds of version ranges in package.json: `>=1.2.3` and `^1.2.3`. */
function admits(range: string, version: string): boolean {
  const [, kind, floor = ''] = /^(>=|\^)(\d+\.\d+\.\d+)$/.exec(range) ?? assert.fail(`cannot read the range ${range}`);
  const [a, b] = [version, floor].map((text) => text.split('.').map(Number)) as [number[], number[]];
  if (kind === '^' && a[0] !== b[0]) return false;
  for (const index of [0, 1, 2]) if (a[index] !== b[index]) return (a[index] ?? 0) > (b[index] ?? 0);
  return true;
}
