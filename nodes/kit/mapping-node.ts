import type { Node } from 'node-red';
import type { CompiledMapping } from '../../src/mapping/compile.js';

/** The mapping config node: rules as data, compiled once. */
export interface MappingNode extends Node {
  /** Throws SWB_CONFIG when the rules are invalid. */
  compiled(): CompiledMapping;
}
