import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pack } from './built-set.js';

interface Component {
  name: string;
  version: string;
  purl: string;
  licenses?: unknown[];
  hashes?: { alg: string }[];
}

describe('a release', () => {
  it('has a bill of materials with every package that users install, also bundled and indirect ones', () => {
    execFileSync(process.execPath, ['scripts/sbom.mjs'], { stdio: 'pipe' });
    const sbom = JSON.parse(readFileSync('sbom.cdx.json', 'utf8')) as {
      bomFormat: string;
      metadata: { component: { name: string } };
      components: Component[];
    };
    assert.equal(sbom.bomFormat, 'CycloneDX');
    assert.equal(sbom.metadata.component.name, pack.name);
    const names = new Set(sbom.components.map(({ name }) => name));
    const installed = [...Object.keys(pack.dependencies), 'entities', 'follow-redirects', 'steno'];
    assert.deepEqual(
      installed.filter((name) => !names.has(name)),
      [],
    );
    assert.deepEqual(
      ['mocha', 'node-red', 'typescript'].filter((name) => names.has(name)),
      [],
      'development dependencies are not shipped',
    );
    for (const { name, version, purl, licenses, hashes } of sbom.components)
      assert.ok(purl === `pkg:npm/${name}@${version}` && licenses?.length && hashes?.[0]?.alg === 'SHA-512', name);
  });

  it('has no tests, no source maps, and the papers', () => {
    const [{ files }] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { encoding: 'utf8', stdio: 'pipe' }),
    ) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    const strange = paths.filter((path) => /\.map$|\.tsx?$|^(test|scripts|bench)\/|\.env/.test(path));
    assert.deepEqual(strange, []);
    for (const paper of ['LICENSE', 'SECURITY.md', 'CHANGELOG.md', 'sbom.cdx.json', 'dist/THIRD-PARTY-LICENSES.txt'])
      assert.ok(paths.includes(paper), paper);
    const linked = paths.filter((path) => path.endsWith('.js') && /sourceMappingURL/.test(readFileSync(path, 'utf8')));
    assert.deepEqual(linked, []);
  });

  it('can be published only with provenance', () => {
    assert.deepEqual((pack as { publishConfig?: unknown }).publishConfig, { access: 'public', provenance: true });
  });
});
