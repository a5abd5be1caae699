import type { Settings, SystemForm } from '../../../src/endpoints/form.js';
import { FORMS } from '../../../src/endpoints/forms.js';
import { endpointType } from '../endpoint.config.js';

/** The system that a config node stands for; undefined where it is no endpoint. Nodes that were saved before there was a choice are the first of those that share it. */
export function systemOfNode(node: Settings & { type: string }): SystemForm | undefined {
  const some = FORMS.filter((form) => endpointType(form) === node.type);
  const setting = some[0]?.endpoint.systemSetting;
  return some.find((form) => setting && form.id === node[setting]) ?? some[0];
}

/** The record types of an endpoint: the system's only one, else those its settings list. */
export function entityTypesOf(endpoint: string): string[] {
  const node = RED.nodes.node(endpoint);
  const form = node && systemOfNode(node);
  if (!form) return [];
  if (form.entityTypes.length === 1) return [...form.entityTypes];
  const own = node.entityTypes as { name: string }[] | undefined;
  return own ? own.map((type) => type.name) : [...form.entityTypes];
}

/** The setting of a node that names an endpoint of its system. */
export function endpointField<Config>(form: SystemForm) {
  const validate: Validator<Config> = function (value, _options) {
    if (!value || value === '_ADD_') return this._def._('invalid.missing');
    if (value.startsWith('${')) return true;
    const endpoint = RED.nodes.node(value);
    if (!endpoint) return this._def._('invalid.endpointGone');
    return systemOfNode(endpoint)?.id === form.id || this._def._('invalid.otherSystem', { system: form.label });
  };
  return { value: '', type: endpointType(form), required: true, validate };
}
