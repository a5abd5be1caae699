import type { Settings, SystemForm } from '../../../src/endpoints/form.js';
import { FORMS } from '../../../src/endpoints/forms.js';
import type { Side } from '../../../src/model/message.js';
import { endpointType } from '../endpoint.config.js';

/**
 * The system of a config node; undefined if it is not an endpoint. Nodes without a system setting belong to the first system that
 * shares the config node.
 */
export function systemOfNode(node: Settings & { type: string }): SystemForm | undefined {
  const forms = FORMS.filter((form) => endpointType(form) === node.type);
  const setting = forms[0]?.endpoint.systemSetting;
  return forms.find((form) => setting && form.id === node[setting]) ?? forms[0];
}

/** The side of an endpoint: as its dialog says, else its system's; undefined if there is no such endpoint. */
export function sideOfEndpoint(endpoint: string): Side | undefined {
  const node = RED.nodes.node(endpoint);
  const form = node && systemOfNode(node);
  return form ? (node.side as Side | '' | undefined) || form.endpoint.side || 'customer' : undefined;
}

/** The record types of an endpoint: the system's only one, else those listed in its settings. */
export function entityTypesOf(endpoint: string): string[] {
  const node = RED.nodes.node(endpoint);
  const form = node && systemOfNode(node);
  if (!form) return [];
  if (form.entityTypes.length === 1) return [...form.entityTypes];
  const own = node.entityTypes as { name: string }[] | undefined;
  return own ? own.map((type) => type.name) : [...form.entityTypes];
}

/** The setting for the endpoint of a system's in or out node. */
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
