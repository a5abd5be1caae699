import type { Node, NodeAPI, NodeDef } from 'node-red';
import { takeOver } from '../kit/takeover.js';
import type { ServiceNowOutConfig } from './servicenow-out.config.js';

export = (RED: NodeAPI) => {
  function ServiceNowOut(this: Node, config: NodeDef & ServiceNowOutConfig) {
    RED.nodes.createNode(this, config);
    takeOver(RED, this, config, config.entityType || 'incident');
  }
  RED.nodes.registerType('switchboard-servicenow-out', ServiceNowOut as never);
};
