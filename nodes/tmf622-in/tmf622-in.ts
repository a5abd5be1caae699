import type { Node, NodeAPI, NodeDef } from 'node-red';
import { receiveFromTmf } from '../kit/tmf-in.js';
import type { Tmf622InConfig } from './tmf622-in.config.js';

export = (RED: NodeAPI) => {
  function Tmf622In(this: Node, config: NodeDef & Tmf622InConfig) {
    RED.nodes.createNode(this, config);
    receiveFromTmf(RED, this, config, 'tmf622', 'productOrder');
  }
  RED.nodes.registerType('switchboard-tmf622-in', Tmf622In as never);
};
