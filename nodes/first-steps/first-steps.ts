import type { NodeAPI } from 'node-red';

/** Everything of it happens in the editor: the wizard «New connection» and the tour. */
export = (RED: NodeAPI) => {
  RED.plugins.registerPlugin('switchboard-first-steps', { type: 'switchboard-first-steps' });
};
