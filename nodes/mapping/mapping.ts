import type { NodeAPI, NodeDef } from 'node-red';
import { compileMapping } from '../../src/endpoints/registry.js';
import { SwitchboardError } from '../../src/errors.js';
import type { CompiledMapping } from '../../src/mapping/compile.js';
import { say } from '../../src/text/say.js';
import { adminRoutes } from '../kit/admin-routes.js';
import { reportInvalid, whenValid } from '../kit/configured.js';
import type { MappingNode } from '../kit/mapping-node.js';
import { serveDesigner } from './designer-routes.js';
import type { MappingConfig } from './mapping.config.js';
import { servePresets } from './preset-routes.js';

export = (RED: NodeAPI) => {
  function MappingConfigNode(this: MappingNode, config: NodeDef & MappingConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'mapping';
    let result: CompiledMapping | undefined;
    let failure: unknown;
    try {
      if (!config.mapping)
        throw new SwitchboardError('SWB_CONFIG', say`The mapping has no rules.`, {
          where,
          hint: say`Choose a preset in its dialog and deploy.`,
        });
      const compiled = compileMapping(config.mapping);
      result = compiled;
      whenValid(RED, this, () => compiled.check());
    } catch (error) {
      failure = error;
      reportInvalid(this, error);
    }
    this.compiled = () => {
      if (result) return result;
      throw failure;
    };
  }
  RED.nodes.registerType('switchboard-mapping', MappingConfigNode as never);
  const routes = adminRoutes(RED);
  servePresets(routes);
  serveDesigner(RED, routes);
};
