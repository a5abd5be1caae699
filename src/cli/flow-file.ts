import { SwitchboardError } from '../errors.js';

type FlowNode = { id: string; type: string; credentials?: Record<string, string>; [key: string]: unknown };

export interface Flows {
  flows: FlowNode[];
  /** Credentials by node id; placeholders such as `${ACME_PASSWORD}` only. */
  credentials: Record<string, Record<string, string>>;
  /** Names of environment variables that the flows use and that are not set. */
  missing: string[];
}

/**
 * Parses a flow file. A node may have a `credentials` object with placeholders `${NAME}` for environment variables,
 * so that a flow file can be run and kept in git without secrets. A literal secret is rejected.
 */
export function readFlows(text: string, where: string, environment: NodeJS.ProcessEnv): Flows {
  let nodes: FlowNode[];
  try {
    const parsed = JSON.parse(text) as FlowNode[] | { flows: FlowNode[] };
    nodes = Array.isArray(parsed) ? parsed : parsed.flows;
  } catch (error) {
    throw new SwitchboardError('SWB_CONFIG', `The flow file is not valid JSON: ${(error as Error).message}.`, { where });
  }
  if (!Array.isArray(nodes))
    throw new SwitchboardError('SWB_CONFIG', 'The flow file contains no list of nodes.', {
      where,
      hint: 'Export the flows from the editor as JSON.',
    });
  const credentials: Flows['credentials'] = {};
  const missing = new Set<string>();
  for (const node of nodes) {
    for (const [name, value] of Object.entries(node.credentials ?? {})) {
      const variable = /^\$\{(\S+)\}$/.exec(value)?.[1];
      if (value !== '' && !variable) {
        throw new SwitchboardError(
          'SWB_CONFIG',
          `The ${name} of the node ${String(node.name || node.id)} is in plain text in the flow file.`,
          {
            where,
            field: name,
            hint: `Replace it with \${NAME} and set the environment variable NAME (or use --env-file).`,
          },
        );
      }
      if (variable && !isSet(variable, environment)) missing.add(variable);
    }
    for (const value of Object.values(node)) {
      const variable = typeof value === 'string' ? /^\$\{(\S+)\}$/.exec(value)?.[1] : undefined;
      if (variable && !isSet(variable, environment)) missing.add(variable);
    }
    if (node.credentials) credentials[node.id] = node.credentials;
  }
  const flows = nodes.map(({ credentials: _credentials, ...node }) => node as FlowNode);
  return { flows, credentials, missing: [...missing] };
}

/** Whether a variable has a value, or names a file for it (environment.ts). What is wrong with the file is said by the node. */
function isSet(variable: string, environment: NodeJS.ProcessEnv): boolean {
  return environment[variable] !== undefined || Boolean(environment[`${variable}_FILE`]);
}
