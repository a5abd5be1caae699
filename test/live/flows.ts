import { readFileSync } from 'node:fs';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import type { FlowNode } from './node-red.js';

export interface FlowOptions {
  version: 'v4' | 'v5';
  customer: 'webhook' | 'poll';
  provider: 'hub' | 'poll';
  /** Instead of the first example, a flow with the same ids. */
  file?: string;
  /** Locale of the process, as in LANG. */
  language?: string;
  /** Where the provider reaches Node-RED. */
  publicUrl?: string;
}

/** The first example, pointed at a sandbox of a test and set to the ways a test wants. Everything else stays as users get it. */
export function troubleTicketFlow(sandbox: Pick<Sandbox, 'url'>, options: FlowOptions): FlowNode[] {
  const nodes = JSON.parse(
    readFileSync(options.file ?? 'examples/1-trouble-ticket.json', 'utf8').replaceAll('http://127.0.0.1:1881', sandbox.url),
  ) as FlowNode[];
  const changes: Record<string, Record<string, unknown>> = {
    'sb1-sn': { retryDelay: '0.1', settling: '1' },
    'sb1-tmf': {
      baseUrl: `${sandbox.url}/${options.version === 'v4' ? 'tmf4' : 'tmf5'}`,
      version: options.version,
      retryDelay: '0.1',
      settling: '1',
    },
    'sb1-sn-in': { webhook: options.customer === 'webhook', poll: options.customer === 'poll', pollInterval: '0.3' },
    'sb1-tmf-in': {
      hub: options.provider === 'hub',
      poll: options.provider === 'poll',
      pollInterval: '0.3',
      publicUrl: options.publicUrl ?? '',
    },
  };
  return nodes.map((node) => ({ ...node, ...changes[node.id] }));
}

/** Nodes that print what nodes of the first example show as their status, after `[debug:status-<id>]`. */
export function statusPrinters(ids: readonly string[]): FlowNode[] {
  return ids.flatMap((id) => [
    { id: `watch-${id}`, type: 'status', z: 'sb1-flow', scope: [id], wires: [[`print-${id}`]] },
    {
      id: `print-${id}`,
      type: 'debug',
      z: 'sb1-flow',
      name: `status-${id}`,
      active: true,
      console: true,
      complete: 'status.text',
      targetType: 'msg',
      wires: [],
    },
  ]);
}
