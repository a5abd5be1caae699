import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pack } from './built-set.js';

const { url, directory } = pack.repository as { url: string; directory?: string };
const REPOSITORY = url.replace(/^git\+/, '').replace(/\.git$/, '');
/** Links to the default branch, as in the help of the nodes. */
const ON_MAIN = new RegExp(`^${REPOSITORY}/(?:blob|tree)/main/`);

/** Documentation pages, and the help of the nodes. */
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...filesIn('docs', /^[^/]+\.md$/),
  ...filesIn('src/endpoints', /\.md$/),
  ...filesIn('nodes', /\/locales\/.+\.md$/),
];

describe('the links of the documentation', () => {
  for (const page of PAGES) {
    const links = linksIn(page);
    if (links.length === 0) continue;
    it(`${page}: each link into the repository points to an existing file and heading`, () => {
      assert.deepEqual(
        links.filter((link) => !isFound(page, link)),
        [],
      );
    });
  }

  it('are found in the readme, both to pages and to images', () => {
    const links = linksIn('README.md');
    for (const known of ['docs/messages.md', 'docs/pictures/desks.png']) assert.ok(links.includes(known), known);
    assert.ok(linksIn('docs/errors.md').includes('messages.md#decisions'));
  });
});

/*
 * npm resolves relative links and images of a readme against the GitHub repository in package.json, at its default branch
 * (npm/marky-markdown, lib/plugin/github.js). So the same relative links work there, on GitHub and in a checkout, as long as they
 * start at the root of the repository.
 */
describe('the readme on npm', () => {
  it('belongs to the root of a repository on GitHub', () => {
    assert.match(REPOSITORY, /^https:\/\/github\.com\/[\w.-]+\/[\w.-]+$/);
    assert.equal(directory, undefined);
  });

  it('has links and images in Markdown, relative to the root of the repository', () => {
    const page = readFileSync('README.md', 'utf8');
    assert.doesNotMatch(page, /<(?:img|a)\b/i);
    const inside = linksIn('README.md').filter((link) => !/^[a-z]+:/i.test(link));
    assert.deepEqual(
      inside.filter((link) => !/^[\w-]/.test(link)),
      [],
    );
    assert.ok(!page.includes(REPOSITORY), 'an absolute link would leave a checkout');
  });
});

function filesIn(folder: string, names: RegExp): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => names.test(name))
    .map((name) => `${folder}/${name}`)
    .sort();
}

/** A page without code blocks, in which brackets are not links and # is not a heading. */
function prose(page: string): string {
  return readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```/gm, '');
}

function linksIn(page: string): string[] {
  const text = prose(page).replace(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^()\s]+)\)/g)].flatMap(([, link]) => (link ? [link] : []));
}

function isFound(page: string, link: string): boolean {
  const own = ON_MAIN.test(link);
  if (!own && /^[a-z]+:/i.test(link)) return true;
  const [path = '', anchor] = (own ? link.replace(ON_MAIN, '') : link).split('#');
  const target = own ? path : path ? join(dirname(page), path) : page;
  return existsSync(target) && (anchor === undefined || anchorsIn(target).has(anchor));
}

/** The anchors that GitHub generates for the headings of a page. */
function anchorsIn(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose(page).matchAll(/^#+ +(.+)$/gm)) {
    const name = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    let anchor = name;
    for (let times = 1; anchors.has(anchor); times++) anchor = `${name}-${times}`;
    anchors.add(anchor);
  }
  return anchors;
}
