import type { Node, NodeAPI, NodeDef } from 'node-red';
import { takeOver } from '../kit/takeover.js';
import type { Tmf622OutConfig } from './tmf622-out.config.js';

export = (RED: NodeAPI) => {
  function Tmf622Out(this: Node, config: NodeDef & Tmf622OutConfig) {
    RED.nodes.createNode(this, config);
    takeOver(RED, this, config, 'productOrder');
  }
  RED.nodes.registerType('switchboard-tmf622-out', Tmf622Out as never);
};
