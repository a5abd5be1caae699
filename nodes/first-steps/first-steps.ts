import type { NodeAPI } from 'node-red';

/** The plugin runs entirely in the editor: the "New connection" wizard and the tour. */
export = (RED: NodeAPI) => {
  RED.plugins.registerPlugin('switchboard-first-steps', { type: 'switchboard-first-steps' });
};
