import type { NodeAPI } from 'node-red';

/** The groups of labels in which the dialogs of our nodes have those of their settings. */
const GROUPS = ['receive', 'endpoint', 'dialog', 'label'];

/** How the dialog of a node set names a setting or credential, in Node-RED's language. `RED`: as the set was given it. */
export function labelOf(RED: NodeAPI, name: string): string {
  for (const group of GROUPS) {
    const key = `${group}.${name}`;
    const label = RED._(key);
    if (label !== key) return label;
  }
  return name;
}
