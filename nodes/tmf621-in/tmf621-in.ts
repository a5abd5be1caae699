import type { Node, NodeAPI, NodeDef } from 'node-red';
import { receiveFromTmf } from '../kit/tmf-in.js';
import type { Tmf621InConfig } from './tmf621-in.config.js';

export = (RED: NodeAPI) => {
  function Tmf621In(this: Node, config: NodeDef & Tmf621InConfig) {
    RED.nodes.createNode(this, config);
    receiveFromTmf(RED, this, config, 'tmf621', 'troubleTicket');
  }
  RED.nodes.registerType('switchboard-tmf621-in', Tmf621In as never);
};
