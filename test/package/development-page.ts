import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';

/** The modules of the diagram, by their folders; the first match applies. */
const MODULES: [string, RegExp][] = [
  ['nodes', /^nodes\/(?!sidebar\/|first-steps\/)/],
  ['nodes/sidebar', /^nodes\/sidebar\//],
  ['nodes/first-steps', /^nodes\/first-steps\//],
  ...[
    'cli',
    'health',
    'fixture',
    'sandbox',
    'delivery',
    'conversation',
    'endpoints',
    'mapping',
    'model',
    'store',
    'http',
    'text',
  ].map((name): [string, RegExp] => [`src/${name}`, new RegExp(`^src/${name}/`)]),
];

/** The imports between modules, read from the code, as a Mermaid graph without redundant arrows. */
export function moduleGraph(): string {
  const edges = new Map(MODULES.map(([name]) => [name, new Set<string>()]));
  for (const top of ['src', 'nodes']) {
    for (const found of readdirSync(top, { recursive: true }) as string[]) {
      const file = join(top, found);
      const from = file.endsWith('.ts') ? moduleOf(file) : undefined;
      if (!from) continue;
      for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
        const to = moduleOf(relative('.', join(dirname(file), path)));
        if (to && to !== from) edges.get(from)?.add(to);
      }
    }
  }
  const lines = [...edges].flatMap(([from, all]) =>
    [...all]
      .filter((to) => ![...all].some((between) => between !== to && reaches(edges, between, to)))
      .sort()
      .map((to) => `  ${idOf(from)} --> ${idOf(to)}`),
  );
  const names = MODULES.map(([name]) => `  ${idOf(name)}["${name}"]`);
  return ['```mermaid', 'graph TD', ...names, ...lines, '```'].join('\n');
}

/** The first example as a diagram: the nodes that a message passes through, and the wires between them. */
export function messagePath(): string {
  const flow = JSON.parse(readFileSync('examples/1-trouble-ticket.json', 'utf8')) as {
    id: string;
    type: string;
    name?: string;
    wires?: string[][];
  }[];
  const ours = flow.filter(({ type, wires }) => type.startsWith('switchboard-') && wires);
  const known = new Set(ours.map(({ id }) => id));
  const label = ({ type, name }: (typeof ours)[number]) =>
    type.replace('switchboard-', '').replaceAll('-', ' ') + (name ? `<br>${name}` : '');
  return [
    '```mermaid',
    'graph LR',
    ...ours.map((node) => `  ${idOf(node.id)}["${label(node)}"]`),
    ...ours.flatMap(({ id, wires = [] }) => {
      const targets = [...new Set(wires.flat())].filter((to) => known.has(to));
      return targets.map((to) => `  ${idOf(id)} --> ${idOf(to)}`);
    }),
    '```',
  ].join('\n');
}

function moduleOf(path: string): string | undefined {
  const file = path.split('\\').join(posix.sep);
  return MODULES.find(([, pattern]) => pattern.test(file))?.[0];
}

function reaches(edges: Map<string, Set<string>>, from: string, to: string, seen = new Set<string>()): boolean {
  if (seen.has(from)) return false;
  seen.add(from);
  const next = edges.get(from) ?? new Set();
  return next.has(to) || [...next].some((one) => reaches(edges, one, to, seen));
}

function idOf(name: string): string {
  return name.replace(/\W/g, '_');
}
