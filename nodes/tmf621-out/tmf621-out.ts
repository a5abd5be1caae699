import type { Node, NodeAPI, NodeDef } from 'node-red';
import { takeOver } from '../kit/takeover.js';
import type { Tmf621OutConfig } from './tmf621-out.config.js';

export = (RED: NodeAPI) => {
  function Tmf621Out(this: Node, config: NodeDef & Tmf621OutConfig) {
    RED.nodes.createNode(this, config);
    takeOver(RED, this, config, 'troubleTicket');
  }
  RED.nodes.registerType('switchboard-tmf621-out', Tmf621Out as never);
};
