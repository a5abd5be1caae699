import { SYSTEMS } from '../../src/endpoints/registry.js';
import type { Capabilities, System } from '../../src/endpoints/system.js';

/** The rows of the table: name, and value for a capability set. */
const LINES: [string, (of: Capabilities) => string][] = [
  ['Notifies by webhook', ({ webhook }) => yesOrNo(webhook)],
  ['Notifies by events of its hub', ({ hub }) => yesOrNo(hub)],
  ['Can be polled', ({ poll }) => yesOrNo(poll)],
  ['Look-up by our reference', ({ lookUp }) => yesOrNo(lookUp)],
  ['Attachments', ({ attachments }) => directions(attachments)],
  ['Internal notes', ({ internalNotes }) => directions(internalNotes)],
  ['Order items', ({ items }) => yesOrNo(items)],
  ['Cancellation as a separate request', ({ cancel }) => yesOrNo(cancel)],
  ['Optimistic locking', ({ optimisticLock }) => yesOrNo(optimisticLock)],
  ['Deletions are detected', ({ deletes }) => yesOrNo(deletes)],
  ['Relations between records', ({ relations }) => directions(relations)],
];

/** docs/systems.md, generated from the descriptions of the systems. */
export function systemsPage(): string {
  return `# Systems

Each system has a config node for its endpoints, an *in* and an *out* node, presets for mappings, and its own page. This page is
generated from the descriptions in \`src/endpoints/<system>/\`.

${SYSTEMS.map(section).join('\n\n')}
`;
}

function section(system: System): string {
  const { id, label, endpoint, entityTypes, help } = system;
  const dialects = Object.values(system.dialects ?? { '': { label, settings: {} } });
  const columns = dialects.map(({ settings }) => system.capabilities(settings));
  const row = ([name, read]: (typeof LINES)[number]) => `| ${name} | ${columns.map(read).join(' | ')} |`;
  return `## ${label}

| | |
|---|---|
| Nodes | \`${endpoint.node.replaceAll('-', ' ')}\`, \`${id} in\`, \`${id} out\` |
| Record types | ${entityTypes.map((type) => `\`${type}\``).join(', ')} |
| Authentication | ${endpoint.signIn.map((method) => `\`${method.id}\``).join(', ')} |
| Presets | ${system.presets.map((preset) => `\`${preset.name}\``).join(', ')} |
| Page | [${help.replace('docs/', '')}](${help.replace('docs/', '')}) |

| Capability | ${dialects.map((dialect) => dialect.label).join(' | ')} |
|---|${dialects.map(() => '---|').join('')}
${LINES.map(row).join('\n')}`;
}

function yesOrNo(can: boolean): string {
  return can ? 'yes' : '–';
}

function directions({ in: reads, out: writes }: { in: boolean; out: boolean }): string {
  if (reads && writes) return 'both ways';
  return reads ? 'read only' : writes ? 'write only' : '–';
}
